import { nodeId, term, type RejectReason } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { Leadership } from '../../src/routing/leaderships.js';
import type { Repetition } from '../../src/routing/repetition.js';
import {
  afterTry,
  afterWait,
  isSuperseded,
  newWrite,
  nextStep,
  type TryEnd,
  type WriteState,
  type WriteStep,
} from '../../src/routing/write-policy.js';

const led = (node: string, since: number): Leadership => ({ node: nodeId(node), term: term(since) });
const rejected = (reason: RejectReason = 'not_leader', here = false): TryEnd => ({
  kind: 'rejected',
  reason,
  here,
});
const undelivered: TryEnd = { kind: 'undelivered', reason: 'peer_unreachable' };
const unknown = (since: number): TryEnd => ({ kind: 'unknown', reason: 'peer_lost', term: term(since) });

const repetitions: readonly Repetition[] = ['deduplicated', 'conditional', 'overwriting', 'duplicating'];

describe('what a write does next', () => {
  test('it goes to the leader that is known', () => {
    const step = nextStep(newWrite('duplicating'), led('a', 3), 5_000);
    expect(step).toEqual({ kind: 'try', at: led('a', 3) });
  });

  test('where no leader is known it waits for one, never beyond its deadline', () => {
    expect(nextStep(newWrite('duplicating'), null, 5_000)).toMatchObject({ kind: 'wait' });
    expect(nextStep(newWrite('duplicating'), null, 3)).toEqual({ kind: 'wait', ms: 3 });
  });

  test('a refused one goes on at once where another leader is known', () => {
    const state = afterTry(newWrite('duplicating'), led('a', 3), rejected());
    expect(nextStep(state, led('b', 4), 5_000)).toEqual({ kind: 'try', at: led('b', 4) });
  });

  test('a node that leads again in a later term is another leader', () => {
    const state = afterTry(newWrite('duplicating'), led('a', 3), rejected());
    expect(nextStep(state, led('a', 5), 5_000)).toEqual({ kind: 'try', at: led('a', 5) });
  });

  test.each([['rejected', rejected()] as const, ['undelivered', undelivered] as const])(
    'where it was %s and nobody else is known it waits, longer each time, and tries again',
    (_, end) => {
      const waits: number[] = [];
      let state = newWrite('duplicating');
      for (let round = 0; round < 8; round += 1) {
        state = afterTry(state, led('a', 3), end);
        const step = nextStep(state, led('a', 3), 60_000);
        if (step.kind !== 'wait') throw new Error(`It does not wait, it does ${step.kind}.`);
        waits.push(step.ms);
        state = afterWait(state);
        expect(nextStep(state, led('a', 3), 60_000)).toMatchObject({ kind: 'try' });
      }
      expect(waits).toEqual([10, 20, 40, 80, 160, 320, 320, 320]);
    },
  );

  test.each(['overloaded', 'too_large'] as const)('%s is told at once', (reason) => {
    const state = afterTry(newWrite('deduplicated'), led('a', 3), rejected(reason));
    expect(nextStep(state, led('b', 4), 5_000)).toMatchObject({ kind: 'fail', failure: reason });
  });

  test('a leader that is closing takes nothing: here there is no point in waiting, elsewhere there is', () => {
    const here = afterTry(newWrite('deduplicated'), led('a', 3), rejected('closing', true));
    expect(nextStep(here, led('a', 3), 5_000)).toMatchObject({ kind: 'fail', failure: 'unavailable' });
    const there = afterTry(newWrite('deduplicated'), led('b', 3), rejected('closing', false));
    expect(nextStep(there, led('b', 3), 5_000)).toMatchObject({ kind: 'wait' });
  });

  test('at the deadline it failed where it certainly did not happen, and is unknown where it may have', () => {
    const certain = afterTry(newWrite('deduplicated'), led('a', 3), rejected());
    expect(nextStep(certain, led('b', 4), 0)).toMatchObject({ kind: 'fail', failure: 'unavailable' });
    const doubtful = afterTry(newWrite('deduplicated'), led('a', 3), unknown(3));
    const refused = afterTry(doubtful, led('b', 4), rejected());
    expect(nextStep(refused, led('c', 5), 0)).toEqual({
      kind: 'fail',
      failure: 'outcome_unknown',
      reason: 'peer_lost',
    });
  });

  test('one that would happen twice is not repeated', () => {
    const state = afterTry(newWrite('duplicating'), led('a', 3), unknown(3));
    expect(nextStep(state, led('b', 4), 5_000)).toMatchObject({ kind: 'fail', failure: 'outcome_unknown' });
  });

  test.each(['deduplicated', 'conditional'] as const)(
    'one that is %s is repeated, also at once',
    (repetition) => {
      const state = afterTry(newWrite(repetition), led('a', 3), unknown(3));
      expect(nextStep(state, led('b', 4), 5_000)).toEqual({ kind: 'try', at: led('b', 4) });
      expect(nextStep(afterWait(state), led('a', 3), 5_000)).toEqual({ kind: 'try', at: led('a', 3) });
    },
  );

  test('one that overwrites is repeated only in a later term than that of every try in doubt', () => {
    let state = afterTry(newWrite('overwriting'), led('a', 3), unknown(7));
    state = afterWait(state);
    expect(nextStep(state, led('a', 3), 5_000)).toMatchObject({ kind: 'wait' });
    expect(nextStep(state, led('b', 7), 5_000)).toMatchObject({ kind: 'wait' });
    expect(nextStep(state, led('b', 8), 5_000)).toEqual({ kind: 'try', at: led('b', 8) });
  });

  test('a refusal after a try in doubt does not make the call certain to have failed', () => {
    let state = afterTry(newWrite('deduplicated'), led('a', 3), unknown(3));
    state = afterTry(state, led('b', 4), rejected('overloaded'));
    expect(nextStep(state, led('b', 4), 5_000)).toMatchObject({ failure: 'outcome_unknown' });
  });

  test('a try without an answer is given up where another node leads, unless it must not be repeated', () => {
    for (const repetition of repetitions) {
      expect(isSuperseded(repetition, led('a', 3), null)).toBe(false);
      expect(isSuperseded(repetition, led('a', 3), led('a', 3))).toBe(false);
      expect(isSuperseded(repetition, led('a', 3), led('b', 4))).toBe(repetition !== 'duplicating');
    }
  });
});

interface Happening {
  readonly end: TryEnd;
  /** Who is known to lead afterwards. */
  readonly known: Leadership | null;
  readonly tookMs: number;
}

const leadership = fc.record({
  node: fc.constantFrom('a', 'b', 'c').map(nodeId),
  term: fc.integer({ min: 1, max: 6 }).map(term),
});
const happening: fc.Arbitrary<Happening> = fc.record({
  end: fc.oneof(
    fc.record({
      kind: fc.constant('rejected' as const),
      reason: fc.constantFrom<RejectReason>(
        'not_leader',
        'no_group',
        'overloaded',
        'closing',
        'transferring',
      ),
      here: fc.boolean(),
    }),
    fc.constant(undelivered),
    fc.integer({ min: 1, max: 6 }).map(unknown),
  ),
  known: fc.option(leadership),
  tookMs: fc.integer({ min: 0, max: 400 }),
});

/** Plays what happens at each try, until the call ends. */
function play(repetition: Repetition, happenings: readonly Happening[], deadlineMs: number) {
  let state: WriteState = newWrite(repetition);
  let known: Leadership | null = null;
  let remainingMs = deadlineMs;
  const ends: TryEnd[] = [];
  const tries: Leadership[] = [];
  const rest = [...happenings];
  for (let steps = 0; ; steps += 1) {
    if (steps > 10_000) throw new Error('The call does not end.');
    const step: WriteStep = nextStep(state, known, remainingMs);
    if (step.kind === 'fail') return { failure: step.failure, ends, tries, remainingMs };
    const next = rest.shift();
    if (step.kind === 'wait') {
      expect(step.ms).toBeGreaterThan(0);
      expect(step.ms).toBeLessThanOrEqual(remainingMs);
      remainingMs -= step.ms;
      state = afterWait(state);
    } else {
      tries.push(step.at);
      const end = next?.end ?? undelivered;
      ends.push(end);
      state = afterTry(state, step.at, end);
      remainingMs -= next?.tookMs ?? 1;
    }
    known = next === undefined ? known : next.known;
  }
}

describe('whatever happens', () => {
  const plays = (check: (result: ReturnType<typeof play>, repetition: Repetition) => void): void => {
    fc.assert(
      fc.property(
        fc.constantFrom(...repetitions),
        fc.array(happening, { maxLength: 30 }),
        (repetition, all) => {
          check(play(repetition, all, 5_000), repetition);
        },
      ),
    );
  };

  test('a call ends at its deadline, and is certain to have failed only where no try is in doubt', () => {
    plays(({ failure, ends, remainingMs }) => {
      const doubt = ends.some(({ kind }) => kind === 'unknown');
      expect(failure === 'outcome_unknown').toBe(doubt);
      if (failure === 'unavailable') {
        const closing = ends.some((end) => end.kind === 'rejected' && end.reason === 'closing' && end.here);
        expect(remainingMs <= 0 || closing).toBe(true);
      }
    });
  });

  test('what would happen twice is not tried again after doubt; what overwrites only in later terms', () => {
    plays(({ ends, tries }, repetition) => {
      let doubt = 0;
      for (const [index, end] of ends.entries()) {
        if (repetition === 'duplicating') expect(doubt).toBe(0);
        if (repetition === 'overwriting') expect(tries[index]?.term).toBeGreaterThan(doubt);
        if (end.kind === 'unknown') doubt = Math.max(doubt, end.term);
      }
    });
  });
});
