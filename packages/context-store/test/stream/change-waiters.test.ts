import { describe, expect, test } from '@jest/globals';

import { contextId } from '../../src/context/context-id.js';
import { ChangeWaiters } from '../../src/stream/change-waiters.js';

const [a, b] = [contextId('a'), contextId('b')];

/** Which of the promises have resolved. */
async function resolved(promises: readonly Promise<void>[]): Promise<boolean[]> {
  const done = promises.map(() => false);
  for (const [at, promise] of promises.entries()) void promise.then(() => (done[at] = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('those who wait for a change', () => {
  test('are woken by one of their context, all of them and once', async () => {
    const waiters = new ChangeWaiters();
    const waiting = [waiters.wait(a, 60_000), waiters.wait(a, 60_000), waiters.wait(b, 60_000)];
    waiters.wake(a);
    expect(await resolved(waiting)).toEqual([true, true, false]);
    waiters.wake(a);
    waiters.wake(b);
    expect(await resolved(waiting)).toEqual([true, true, true]);
  });

  test('are all woken when anything may have changed', async () => {
    const waiters = new ChangeWaiters();
    const waiting = [waiters.wait(a, 60_000), waiters.wait(b, 60_000)];
    waiters.wakeAll();
    expect(await resolved(waiting)).toEqual([true, true]);
  });

  test('wait no longer than they said, and one that gave up does not take others along', async () => {
    const waiters = new ChangeWaiters();
    const long = waiters.wait(a, 60_000);
    await waiters.wait(a, 1);
    expect(await resolved([long])).toEqual([false]);
    waiters.wake(a);
    expect(await resolved([long])).toEqual([true]);
    await waiters.wait(a, 0);
  });

  test('that wait for ever wait for a change', async () => {
    const waiters = new ChangeWaiters();
    const waiting = waiters.wait(a, Infinity);
    await waiters.wait(b, 10);
    expect(await resolved([waiting])).toEqual([false]);
    waiters.wake(a);
    await waiting;
  });

  test('do not wait at all after the end', async () => {
    const waiters = new ChangeWaiters();
    const waiting = waiters.wait(a, 60_000);
    waiters.close();
    expect(await resolved([waiting, waiters.wait(a, 60_000)])).toEqual([true, true]);
  });
});
