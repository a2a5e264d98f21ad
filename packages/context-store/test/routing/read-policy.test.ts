import { nodeId } from '@fastpaca/raft-core';
import { expect, test } from '@jest/globals';

import { afterFailure, afterReadWait, newRead, nextRead } from '../../src/routing/read-policy.js';

const b = nodeId('b');
const c = nodeId('c');

test('a read goes to each replica once, the nearest first, then waits and begins again', () => {
  let state = newRead;
  for (const target of ['here', b, c] as const) {
    expect(nextRead(state, ['here', b, c], 4_000)).toMatchObject({ kind: 'try', target });
    state = afterFailure(state, target);
  }
  expect(nextRead(state, ['here', b, c], 4_000)).toEqual({ kind: 'wait', ms: 20 });
  state = afterReadWait(state);
  expect(nextRead(state, ['here', b, c], 4_000)).toMatchObject({ kind: 'try', target: 'here' });
  state = ['here' as const, b, c].reduce(afterFailure, state);
  expect(nextRead(state, ['here', b, c], 4_000)).toEqual({ kind: 'wait', ms: 40 });
});

test('a replica that hangs leaves time for the next; the last one gets all that is left', () => {
  expect(nextRead(newRead, ['here', b], 4_000)).toMatchObject({ ms: 2_000 });
  expect(nextRead(afterFailure(newRead, 'here'), ['here', b], 2_000)).toMatchObject({ target: b, ms: 2_000 });
  expect(nextRead(newRead, ['here'], 4_000)).toMatchObject({ ms: 4_000 });
});

test('a replica that can be reached later is tried then', () => {
  const state = afterFailure(newRead, 'here');
  expect(nextRead(state, ['here'], 4_000)).toMatchObject({ kind: 'wait' });
  expect(nextRead(state, ['here', c], 4_000)).toMatchObject({ kind: 'try', target: c });
});

test('a read ends at its deadline, and a wait does not go beyond it', () => {
  expect(nextRead(newRead, ['here', b], 0)).toEqual({ kind: 'fail' });
  expect(nextRead(newRead, [], 7)).toEqual({ kind: 'wait', ms: 7 });
});
