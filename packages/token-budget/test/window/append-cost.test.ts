import { expect, test } from '@jest/globals';
import {
  appendToWindow,
  decodeOutline,
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

/** Microseconds per call of the fastest of many rounds: a busy machine slows most, not all. */
function fastest(rounds: number, perRound: number, run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint();
    run();
    best = Math.min(best, Number(process.hrtime.bigint() - started) / 1000 / perRound);
  }
  return best;
}

test('an append costs a few microseconds here, and no more after 100,000 messages', () => {
  let state = appendMany(20_000, emptyWindow());
  const early = fastest(20, 1000, () => (state = appendMany(1000, state)));
  state = appendMany(60_000, state);
  const late = fastest(20, 1000, () => (state = appendMany(1000, state)));
  expect(state.lastSeq).toBe(120_000);
  // The target is 5; the bound leaves room for a machine that does other things.
  expect(early).toBeLessThan(20);
  expect(late).toBeLessThan(Math.max(20, early * 3));
  if (process.env['SHOW_COST'] === 'true') {
    const bytes = turn.map((message, index) =>
      encodeOutline(
        outlineMessage(
          message,
          tokens[index] ?? { total: 0, parts: [] },
          spans.slice(0, message.parts.length),
        ),
      ),
    );
    const decode = fastest(50, 4000, () => {
      for (let i = 0; i < 1000; i++) for (const each of bytes) decodeOutline(each);
    });
    process.stdout.write(
      `append ${early.toFixed(2)} µs, after 100,000 messages ${late.toFixed(2)} µs, ` +
        `decode ${decode.toFixed(2)} µs, outlines of ${bytes.map((each) => each.length).join(', ')} bytes, ` +
        `state of ${encodeWindowState(state).length} bytes\n`,
    );
  }
});
