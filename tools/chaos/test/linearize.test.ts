import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { linearize, type Model, type Timed } from '../src/check/linearize.ts';

/** A register: writes, and reads of what was written last. */
type RegisterOp = { readonly kind: 'write' | 'read'; readonly value: number };
const register: Model<number, RegisterOp> = {
  initial: 0,
  key: String,
  step: (state, { kind, value }) => (kind === 'write' ? [value] : state === value ? [state] : []),
};

const timed = (
  kind: RegisterOp['kind'],
  value: number,
  invokedAt: number,
  completedAt: number,
  optional = false,
): Timed<RegisterOp> => ({ op: { kind, value }, invokedAt, completedAt, optional });

test('a read that overlaps a write may see the old value or the new one', () => {
  for (const seen of [0, 7]) {
    const history = [timed('write', 7, 0, 10), timed('read', seen, 1, 2)];
    expect(linearize(register, history).kind).toBe('linearizable');
  }
});

test('a read that began after a write was answered must see it', () => {
  const history = [timed('write', 7, 0, 10), timed('read', 0, 11, 12)];
  expect(linearize(register, history)).toMatchObject({
    kind: 'not linearizable',
    state: 7,
    stuckAt: [{ op: { kind: 'read', value: 0 } }],
  });
});

test('once a read has seen the new value, no later one sees the old', () => {
  const history = [timed('write', 7, 0, 10), timed('read', 7, 1, 2), timed('read', 0, 3, 4)];
  expect(linearize(register, history).kind).toBe('not linearizable');
});

test('a write without an answer may take effect late, or never, but once', () => {
  const doubt = timed('write', 7, 0, Infinity, true);
  expect(linearize(register, [doubt, timed('read', 0, 1, 2), timed('read', 7, 3, 4)]).kind).toBe(
    'linearizable',
  );
  expect(linearize(register, [doubt, timed('read', 0, 1, 2)]).kind).toBe('linearizable');
  const twice = [doubt, timed('read', 7, 1, 2), timed('write', 1, 3, 4), timed('read', 7, 5, 6)];
  expect(linearize(register, twice).kind).toBe('not linearizable');
});

test('a search that is too long says so', () => {
  const history = Array.from({ length: 12 }, (_, value) => timed('write', value, 0, 100));
  expect(linearize(register, [...history, timed('read', 99, 0, 100)], 50).kind).toBe('undecided');
});

/** Every order, by brute force. */
function decidable(operations: readonly Timed<RegisterOp>[], state = register.initial): boolean {
  if (operations.every(({ optional }) => optional)) return true;
  return operations.some((next) => {
    const rest = operations.filter((other) => other !== next);
    if (rest.some(({ completedAt }) => completedAt < next.invokedAt)) return false;
    return register.step(state, next.op).some((after) => decidable(rest, after));
  });
}

test('the search agrees with trying every order', () => {
  const operation = fc
    .record({
      kind: fc.constantFrom('write' as const, 'read' as const),
      value: fc.nat(2),
      from: fc.nat(12),
      takes: fc.nat(6),
      unanswered: fc.boolean(),
    })
    .map(({ kind, value, from, takes, unanswered }) => {
      const unknown = kind === 'write' && unanswered;
      return timed(kind, value, from, unknown ? Infinity : from + takes, unknown);
    });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (history) => {
      const verdict = linearize(register, history).kind;
      expect(verdict).toBe(decidable(history) ? 'linearizable' : 'not linearizable');
    }),
    { numRuns: 400 },
  );
});

test('a long history with many clients is decided at once', () => {
  const history: Timed<RegisterOp>[] = [];
  for (let turn = 0; turn < 5_000; turn += 1) {
    history.push(
      timed('write', turn, turn * 10, turn * 10 + 15),
      timed('read', turn, turn * 10 + 5, turn * 10 + 14),
    );
    if (turn % 50 === 0) history.push(timed('write', -1, turn * 10, Infinity, true));
  }
  expect(linearize(register, history).kind).toBe('linearizable');
});
