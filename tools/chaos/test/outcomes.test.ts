import { expect, test } from '@jest/globals';
import type { Action, Outcome } from '../src/history/operation.ts';
import { afterRetry, concludeWrite } from '../src/workload/outcomes.ts';

const append: Action = { kind: 'append', texts: ['x'], keyed: true, ifVersion: null };
const answer = (status: number, body: object) => ({
  kind: 'answer' as const,
  status,
  body: JSON.stringify(body),
});

test('an append is done, refused, certainly not done, or in doubt', () => {
  expect(concludeWrite(append, answer(201, { version: 3, seq: 2 }))).toEqual({
    kind: 'appended',
    seqs: [2],
    version: 3,
    deduped: false,
  });
  expect(concludeWrite(append, answer(409, { error: 'conflict', current_version: 4 }))).toEqual({
    kind: 'conflict',
    currentVersion: 4,
  });
  expect(concludeWrite(append, answer(409, { error: 'context_tombstoned' })).kind).toBe('tombstoned');
  expect(concludeWrite(append, answer(503, { error: 'unavailable' })).kind).toBe('failed');
  expect(concludeWrite(append, { kind: 'not sent', why: 'ECONNREFUSED' }).kind).toBe('failed');
  expect(concludeWrite(append, answer(504, { error: 'outcome_unknown' })).kind).toBe('unknown');
  expect(concludeWrite(append, { kind: 'broken', why: 'ECONNRESET' }).kind).toBe('unknown');
  expect(concludeWrite(append, { kind: 'silent', why: 'no answer' }).kind).toBe('unknown');
});

test('what a correct server never answers is a finding', () => {
  for (const [status, body] of [
    [500, { error: 'internal' }],
    [404, { error: 'context_not_found' }],
    [409, { error: 'idempotency_conflict' }],
    [201, { version: 3, results: [{ seq: 1 }, { seq: 2 }] }],
    [201, {}],
  ] as const) {
    expect(concludeWrite(append, answer(status, body)).kind).toBe('unexpected');
  }
});

test('a doubt stays until a retry is acknowledged', () => {
  const doubt: Outcome = { kind: 'unknown', why: '504' };
  const refused: Outcome = { kind: 'failed', why: '503' };
  const done: Outcome = { kind: 'appended', seqs: [1], version: 1, deduped: true };
  expect(afterRetry(doubt, refused)).toBe(doubt);
  expect(afterRetry(doubt, { kind: 'conflict', currentVersion: 3 })).toBe(doubt);
  expect(afterRetry(doubt, done)).toBe(done);
  expect(afterRetry(refused, doubt)).toBe(doubt);
  expect(afterRetry(null, refused)).toBe(refused);
});
