import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { History, Violation } from '../../src/testing/simulation/history.js';

interface Operation {
  readonly kind: 'append' | 'read';
  readonly start: number;
  /** Infinity: never answered. */
  readonly end: number;
  /** Position of an append, length seen by a read. */
  readonly value: number;
}

/** Tries every order: does one respect real time and the rules of a list? */
function linearizable(
  operations: readonly Operation[],
  placed: readonly Operation[] = [],
  length = 0,
): boolean {
  if (operations.length === 0) return true;
  const firstEnd = Math.min(...operations.map((operation) => operation.end));
  return operations.some((next) => {
    if (next.start > firstEnd) return false;
    if (next.value !== (next.kind === 'append' ? length + 1 : length)) return false;
    const rest = operations.filter((operation) => operation !== next);
    return linearizable(rest, [...placed, next], next.kind === 'append' ? length + 1 : length);
  });
}

function check(operations: readonly Operation[]): boolean {
  const history = new History();
  const events = operations.flatMap((operation, id) => [
    { at: operation.start, run: () => history.invoke(id) },
    {
      at: operation.end,
      run: () => {
        if (operation.kind === 'append') history.tookEffect(id, operation.value);
        if (operation.end === Infinity) return;
        if (operation.kind === 'append') history.appended(id, operation.value);
        else history.read(id, operation.value);
      },
    },
  ]);
  try {
    for (const event of events.sort((a, b) => a.at - b.at)) event.run();
    return true;
  } catch (error) {
    if (error instanceof Violation) return false;
    throw error;
  }
}

/** Appends with positions 1 to n in some order, reads that saw anything, intervals that overlap. */
const histories = fc
  .record({
    appends: fc.integer({ min: 0, max: 4 }),
    reads: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    seed: fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
    unanswered: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
  })
  .map(({ appends, reads, seed, unanswered }) => {
    const draws = [...seed];
    const draw = (limit: number): number => (draws.pop() ?? 0) % limit;
    const operations: Operation[] = [];
    const times = new Set<number>();
    const time = (): number => {
      for (let at = draw(24); ; at += 0.37) {
        if (times.has(at)) continue;
        times.add(at);
        return at;
      }
    };
    const interval = (): { start: number; end: number } => {
      const [x, y] = [time(), time()];
      return { start: Math.min(x, y), end: Math.max(x, y) };
    };
    for (let position = 1; position <= appends; position += 1) {
      const { start, end } = interval();
      operations.push({
        kind: 'append',
        start,
        end: unanswered.includes(position) ? Infinity : end,
        value: position,
      });
    }
    for (const length of reads)
      operations.push({ kind: 'read', ...interval(), value: Math.min(length, appends) });
    return operations;
  });

describe('the linearizability check is exact', () => {
  test('it agrees with an exhaustive search on random histories', () => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(histories, (operations) => {
        const expected = linearizable(operations);
        if (expected) good += 1;
        else bad += 1;
        expect(check(operations)).toBe(expected);
      }),
      { numRuns: 1_500, seed: 3 },
    );
    expect(good).toBeGreaterThan(300);
    expect(bad).toBeGreaterThan(300);
  });

  test('a read that misses an acknowledged append is found', () => {
    const append = { kind: 'append', start: 0, end: 1, value: 1 } as const;
    expect(check([append, { kind: 'read', start: 2, end: 3, value: 0 }])).toBe(false);
    expect(check([append, { kind: 'read', start: 0.5, end: 3, value: 0 }])).toBe(true);
  });

  test('an item that is in the list twice is found', () => {
    const history = new History();
    history.invoke(1);
    history.tookEffect(1, 1);
    expect(() => history.tookEffect(1, 2)).toThrow('exactly once');
  });

  test('an acknowledged append that the list does not have is found', () => {
    const history = new History();
    history.invoke(1);
    expect(() => history.appended(1, 1)).toThrow('durability');
  });

  test('a rejected append that turns up is found, whenever it does', () => {
    const late = new History();
    late.invoke(1);
    late.rejected(1);
    expect(() => late.tookEffect(1, 1)).toThrow('no phantoms');
    const early = new History();
    early.invoke(1);
    early.tookEffect(1, 1);
    expect(() => early.rejected(1)).toThrow('rejected means never');
  });
});
