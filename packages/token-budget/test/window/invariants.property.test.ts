import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeWindowState, encodeWindowState, needsCompaction, usedTokens } from '../../src/index.js';
import type { WindowPolicy } from '../../src/index.js';
import { anyStep, skipPolicy, lastNPolicy, upToSeq } from './arbitrary-history.js';
import type { Step } from './arbitrary-history.js';
import { isBlank, isCall, isOpen, isReasoning, isResult, isWhole, opensTurn, seen } from './plain-rules.js';
import type { TestPart } from './conversation.js';
import { refusals, send } from './provider-check.js';
import { TestStore } from './store.js';

const strategies: Readonly<Record<string, fc.Arbitrary<WindowPolicy>>> = {
  last_n: lastNPolicy,
  skip_parts: skipPolicy,
  manual: fc.constant({ strategy: 'manual' }),
};

/** What a system message may say: it calls no tools and answers none. */
const isContent = (part: TestPart): boolean =>
  seen(part) && !isResult(part) && !isCall(part) && !isOpen(part);

/** A context of one strategy all its life; budgets and replacements change. */
const history = fc.array(
  anyStep.filter(({ kind }) => kind !== 'policy'),
  { minLength: 1, maxLength: 25, size: 'max' },
);

function apply(step: Step, store: TestStore): boolean {
  if (step.kind === 'append') return store.append(...step.messages) === null;
  if (step.kind === 'compact') store.compact(step.replacement, upToSeq(step.share, store.log.length));
  if (step.kind === 'budget') store.budget = { tokens: step.tokens, triggerRatio: step.triggerRatio };
  return step.kind === 'budget';
}

/** Runs a random history and calls `check` after every step; `grew`: nothing left the window by it. */
function everyStep(
  policy: fc.Arbitrary<WindowPolicy>,
  check: (store: TestStore, grew: boolean, budgetTokens: number) => void,
): void {
  fc.assert(
    fc.property(policy, history, fc.integer({ min: 1, max: 500 }), (chosen, steps, budgetTokens) => {
      const store = new TestStore(chosen, { tokens: 200, triggerRatio: 0.7 });
      for (const step of steps) check(store, apply(step, store), budgetTokens);
    }),
    { numRuns: 60 },
  );
}

describe.each(Object.entries(strategies))('every window of %s', (_, policy) => {
  test('1, 2: holds no result without its call and no call that waits for ever', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      const window = store.read(budgetTokens);
      if (window.kind === 'fits') expect(refusals(send(window, store))).toEqual([]);
    });
  });

  test('3: starts at a user message, or says the smallest budget that holds the last turn', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      const window = store.read(budgetTokens);
      if (window.kind !== 'unsatisfiable') return;
      expect(window.minimumTokens).toBeGreaterThan(budgetTokens);
      const smallest = store.read(window.minimumTokens);
      expect(smallest).toMatchObject({ kind: 'fits', usedTokens: window.minimumTokens });
    });
  });

  test('4: keeps leading system messages', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      const window = store.read(budgetTokens);
      if (window.kind !== 'fits' || store.compactions > 0) return;
      const before = store.messages.findIndex(opensTurn);
      const leading = store.messages.slice(0, before === -1 ? undefined : before);
      const shown = new Set(window.messages.map(({ seq }) => seq));
      for (const [index, message] of leading.entries()) {
        if (message.role === 'system' && message.parts.some(isContent))
          expect(shown.has(index + 1)).toBe(true);
      }
    });
  });

  test('5: has no empty message and no part twice', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      const window = store.read(budgetTokens);
      if (window.kind !== 'fits') return;
      for (const { parts } of window.messages) {
        if (parts === 'all') continue;
        expect(parts.length).toBeGreaterThan(0);
        expect(parts).toEqual([...new Set(parts)].toSorted((a, b) => a - b));
      }
    });
  });

  test('6: leaves the unfinished turn as it is', () => {
    everyStep(policy, (store) => {
      const start = store.messages.findLastIndex(opensTurn);
      const turn = store.messages.slice(start + 1);
      // A system message or a user's answer with words would end the wait for results.
      if (start === -1 || turn.some(({ role }) => role !== 'assistant' && role !== 'tool')) return;
      const window = store.stored();
      for (const { seq, parts } of window.messages) {
        if (seq === null || seq <= start + 1 || parts === 'all') continue;
        const original = store.messages[seq - 1]?.parts ?? [];
        const gone = original.filter((_, index) => !parts.includes(index));
        expect(gone.every((part) => isBlank(part) || isResult(part))).toBe(true);
        expect(gone.some((part) => isReasoning(part) || isWhole(part))).toBe(false);
      }
    });
  });

  test('8: only grows at its end between two compactions', () => {
    fc.assert(
      fc.property(policy, history, (chosen, steps) => {
        const store = new TestStore(chosen, { tokens: 200, triggerRatio: 0.7 });
        for (const step of steps) {
          const before = store.stored().messages;
          const grew = apply(step, store);
          if (grew) expect(store.stored().messages.slice(0, before.length)).toEqual(before);
          else expect(step.kind).not.toBe('budget');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('9: has at most as many tokens as the budget, and says how many', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      for (const tokens of [budgetTokens, store.budget.tokens]) {
        const window = store.read(tokens);
        if (window.kind !== 'fits') continue;
        expect(window.usedTokens).toBeLessThanOrEqual(tokens);
        expect(window.usedTokens).toBe(window.messages.reduce((sum, each) => sum + each.tokens, 0));
        expect(window.usedTokens).toBe(window.segments.reduce((sum, each) => sum + each.tokens, 0));
      }
      expect(store.stored().usedTokens).toBe(usedTokens(store.state));
    });
  });

  test('10: is a function of what was appended and replaced, not of how much was loaded', () => {
    fc.assert(
      fc.property(policy, history, fc.integer({ min: 1, max: 500 }), (chosen, steps, budgetTokens) => {
        const little = new TestStore(chosen, { tokens: 200, triggerRatio: 0.7 });
        const all = new TestStore(chosen, { tokens: 200, triggerRatio: 0.7 }, true);
        for (const step of steps) {
          apply(step, little);
          apply(step, all);
          expect(little.stateBytes).toEqual(all.stateBytes);
          expect(little.read(budgetTokens)).toEqual(all.read(budgetTokens));
        }
        expect(encodeWindowState(decodeWindowState(all.stateBytes))).toEqual(all.stateBytes);
      }),
      { numRuns: 100 },
    );
  });

  test('is explained message by message', () => {
    everyStep(policy, (store, _grew, budgetTokens) => {
      const window = store.read(budgetTokens);
      if (window.kind !== 'fits') return;
      const explained = store.explain(budgetTokens);
      expect(explained.map(({ seq }) => seq)).toEqual([
        ...store.replacement.map(() => null),
        ...store.log.map(({ seq }) => seq),
      ]);
      expect(
        explained
          .filter(({ kept }) => kept)
          .map(({ seq }) => seq)
          .toSorted(bySeq),
      ).toEqual(window.messages.map(({ seq }) => seq).toSorted(bySeq));
    });
  });
});

const bySeq = (a: number | null, b: number | null): number => (a ?? 0) - (b ?? 0);

test('after an append, last_n has at most `limit` live messages besides an unfinished turn', () => {
  fc.assert(
    fc.property(lastNPolicy, history, (policy, steps) => {
      const store = new TestStore(policy, { tokens: 200, triggerRatio: 0.7 });
      for (const step of steps) {
        apply(step, store);
        const { state } = store;
        if (step.kind !== 'append' || policy.strategy !== 'last_n' || state.turn === null) continue;
        if (state.turn.seq === 0) continue;
        const onlyLastTurn = state.liveCount === state.turn.tally.count;
        expect(onlyLastTurn || state.liveCount <= policy.limit).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

test('after an append, no compaction is needed unless pins, a summary or the last turn leave no choice', () => {
  fc.assert(
    fc.property(fc.oneof(lastNPolicy, skipPolicy), history, (policy, steps) => {
      const store = new TestStore(policy, { tokens: 200, triggerRatio: 0.7 });
      for (const step of steps) {
        apply(step, store);
        const { state } = store;
        if (step.kind !== 'append' || state.pins.length > 0 || state.replacement !== null) continue;
        const { tokens, triggerRatio } = store.budget;
        const onlyLastTurn = state.liveTokens === (state.turn?.tally.tokens ?? 0);
        expect(onlyLastTurn || !needsCompaction(state, tokens, triggerRatio)).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});
