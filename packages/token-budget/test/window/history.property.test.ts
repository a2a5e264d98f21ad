import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { usedTokens } from '../../src/index.js';
import type { FittedMessage } from '../../src/index.js';
import { anyHistory, anyPolicy, upToSeq } from './arbitrary-history.js';
import type { Step } from './arbitrary-history.js';
import { ReferenceWindow } from './reference-window.js';
import type { ReferenceMessage } from './reference-window.js';
import { TestStore } from './store.js';

const runs = { numRuns: Number(process.env['WINDOW_RUNS'] ?? 100) };
const budget = { tokens: 200, triggerRatio: 0.7 };

function play(step: Step, store: TestStore): { dropped: boolean } {
  switch (step.kind) {
    case 'append':
      return { dropped: store.append(...step.messages) !== null };
    case 'compact':
      store.compact(step.replacement, upToSeq(step.share, store.log.length));
      return { dropped: true };
    case 'policy':
      store.policy = step.policy;
      return { dropped: false };
    case 'budget':
      store.budget = { tokens: step.tokens, triggerRatio: step.triggerRatio };
      return { dropped: false };
  }
}

/** A fitted message in the reference's terms. */
function plain(message: FittedMessage, store: TestStore): ReferenceMessage {
  const source =
    message.seq === null
      ? store.replacementMessages[message.replacementIndex]
      : store.messages[message.seq - 1];
  const all = (source?.parts ?? []).map((_, index) => index);
  return {
    seq: message.seq,
    index: message.replacementIndex,
    parts: message.parts === 'all' ? all : message.parts,
    tokens: message.tokens,
  };
}

describe('random histories', () => {
  test('every window equals that of a slow model that resolves the whole history anew', () => {
    fc.assert(
      fc.property(anyPolicy, anyHistory, fc.integer({ min: 1, max: 500 }), (policy, steps, override) => {
        const store = new TestStore(policy, budget);
        const reference = new ReferenceWindow();
        for (const step of steps) {
          if (step.kind === 'append') reference.append(step.messages, store.policy, store.budget);
          if (step.kind === 'compact') {
            reference.compact(step.replacement, upToSeq(step.share, store.log.length));
          }
          play(step, store);
          const stored = store.stored();
          expect(stored.messages.map((message) => plain(message, store))).toEqual(reference.stored());
          expect(usedTokens(store.state)).toBe(stored.usedTokens);
          for (const tokens of [store.budget.tokens, override]) {
            const window = store.read(tokens);
            const expected = reference.fit(tokens);
            if (window.kind === 'fits') {
              expect(window.messages.map((message) => plain(message, store))).toEqual(expected);
            } else {
              expect(window.minimumTokens).toBe(expected);
            }
          }
        }
      }),
      runs,
    );
  });
});
