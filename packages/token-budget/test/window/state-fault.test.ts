import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyWindow, encodeWindowState, isStorable, windowFault } from '../../src/index.js';
import type { WindowState } from '../../src/index.js';
import { anyStep, upToSeq } from './arbitrary-history.js';
import { TestStore } from './store.js';

describe('a state from outside', () => {
  test('has no fault where these functions made it, whatever the history', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
        const store = new TestStore({ strategy: 'last_n', limit: 10 }, { tokens: 200, triggerRatio: 0.7 });
        for (const step of steps) {
          if (step.kind === 'append') store.append(...step.messages);
          else if (step.kind === 'compact')
            store.compact(step.replacement, upToSeq(step.share, store.log.length));
          else if (step.kind === 'policy') store.policy = step.policy;
          else store.budget = { tokens: step.tokens, triggerRatio: step.triggerRatio };
          expect(windowFault(store.state, store.log.length, store.replacement.length)).toBeNull();
        }
      }),
      { numRuns: 200 },
    );
  });

  const pin = { fromSeq: 1, toSeq: 1, tokens: 5, openTokens: 0 };
  const turn = { seq: 1, tally: tally(1), startTokens: 1, groups: [], openFrom: null, open: tally(0) };
  const group = {
    fromSeq: 1,
    toSeq: 2,
    calls: [],
    reasoning: false,
    pinned: false,
    tally: tally(1),
    open: tally(0),
  };
  const replacement = {
    count: 1,
    headCount: 0,
    headTokens: 0,
    from: 0,
    bodyTokens: 1,
    lastTurnTokens: 1,
    isPinned: false,
    hasUser: true,
    fromSeq: 1,
    toSeq: 1,
  };

  test.each<[string, Partial<WindowState>]>([
    ['another end than the log', { lastSeq: 4 }],
    ['a beginning outside of the log', { liveFrom: 5 }],
    ['no beginning', { liveFrom: 0 }],
    ['a replacement that is not there', { replacement }],
    ['pins beyond the log', { pins: [{ ...pin, fromSeq: 9, toSeq: 9 }], pinnedTokens: 5 }],
    ['pins twice', { pins: [pin, pin], pinnedTokens: 10 }],
    ['pins with other tokens', { pins: [pin], pinnedTokens: 6 }],
    ['parts skipped beyond the log', { skip: { through: 4, kinds: [] } }],
    ['a turn beyond the log', { turn: { ...turn, seq: 4 } }],
    ['a turn that the replacement opened and a user message to pin', { turn: { ...turn, seq: 0 } }],
    ['groups beyond the log', { turn: { ...turn, groups: [{ ...group, toSeq: 4 }] } }],
    ['groups twice', { turn: { ...turn, groups: [group, group] } }],
    ['a negative number', { liveTokens: -1 }],
  ])('with %s has one', (_, fault) => {
    const state = { ...emptyWindow(), lastSeq: 3, ...fault };
    expect(windowFault(state, 3, 0)).toEqual(expect.any(String));
  });

  test('can be stored or has a number that cannot', () => {
    expect(isStorable(emptyWindow())).toBe(true);
    const states: WindowState[] = [
      { ...emptyWindow(), liveCount: -1 },
      { ...emptyWindow(), turn: { ...turn, tally: tally(-1) } },
      { ...emptyWindow(), turn: { ...turn, groups: [{ ...group, open: tally(-1) }] } },
      { ...emptyWindow(), replacement: { ...replacement, bodyTokens: -1 } },
      { ...emptyWindow(), pins: [{ ...pin, tokens: -1 }] },
    ];
    for (const state of states) {
      expect(isStorable(state)).toBe(false);
      expect(() => encodeWindowState(state)).toThrow(RangeError);
    }
  });
});

function tally(tokens: number) {
  return { tokens, count: 0, pinnedTokens: 0 };
}
