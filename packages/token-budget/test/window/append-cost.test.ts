import { expect, test } from '@jest/globals';
import {
  appendToWindow,
  defaultPolicy,
  emptyWindow,
  encodeOutline,
  encodeWindowState,
  outlineMessage,
} from '../../src/index.js';
import type { WindowState } from '../../src/index.js';

const budget = { tokens: 1_000_000_000, triggerRatio: 0.7 };
const policy = { ...defaultPolicy, limit: 1_000_000_000 };

const turn = [
  { role: 'user', parts: [{ type: 'text', text: 'What is the weather?' }] },
  { role: 'assistant', parts: [{ type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', input: {} }] },
  { role: 'user', parts: [{ type: 'tool_result', tool_use_id: 'toolu_01A09q90qw90lq917835lq9' }] },
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'So.' },
      { type: 'text', text: 'It rains.' },
    ],
  },
];

const tokens = [
  { total: 60, parts: [57] },
  { total: 60, parts: [57] },
  { total: 60, parts: [57] },
  { total: 60, parts: [20, 37] },
];

const spans = [
  { start: 40, end: 140 },
  { start: 141, end: 280 },
];

/** Outline, encode and count `count` messages, one per append, as the write path does. */
function appendMany(count: number, from: WindowState): WindowState {
  let state = from;
  for (let i = 0; i < count; i++) {
    const message = turn[i % 4];
    const counted = tokens[i % 4];
    if (message === undefined || counted === undefined) throw new Error('unreachable');
    const outline = outlineMessage(message, counted, spans.slice(0, message.parts.length));
    encodeOutline(outline);
    state = appendToWindow(state, policy, budget, [{ seq: state.lastSeq + 1, outline }]).state;
    encodeWindowState(state);
  }
  return state;
}

function microsecondsOf(run: () => void): number {
  const started = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - started) / 1000;
}

// What it costs in microseconds is in bench/window.mjs: Jest's module contexts make all of it ten times slower.
test('an append costs no more after 50,000 messages than at the start', () => {
  let early = Infinity;
  let late = Infinity;
  appendMany(5000, emptyWindow());
  let long = appendMany(50_000, emptyWindow());
  // The fastest of many rounds, in turns: a busy machine slows most of them, of both kinds.
  for (let round = 0; round < 40; round++) {
    early = Math.min(
      early,
      microsecondsOf(() => void appendMany(500, emptyWindow())),
    );
    late = Math.min(
      late,
      microsecondsOf(() => {
        long = appendMany(500, long);
      }),
    );
  }
  expect(long.lastSeq).toBe(70_000);
  expect(late).toBeLessThan(early * 5);
  expect(encodeWindowState(long).length).toBeLessThan(40);
});
