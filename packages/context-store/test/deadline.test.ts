import { createEstimator, type TokenEstimator } from '@fastpaca/token-budget';
import { afterEach, expect, test } from '@jest/globals';

import { StoreError } from '../src/store-error.js';
import { withinDeadline } from '../src/within-deadline.js';
import { text } from './support/group-bench.js';
import { StoreBench } from './support/open-store.js';

const late = (): StoreError => new StoreError('unavailable', 'Too late.');

/** Long texts are never counted. */
function uncounting(): TokenEstimator {
  const whole = createEstimator('chars:4');
  return {
    name: whole.name,
    countText: (content) => whole.countText(content),
    countMessage: (message) => whole.countMessage(message),
    countTextAsync: (content) => whole.countTextAsync(content),
    countMessageAsync: (message) => whole.countMessageAsync(message),
    countMessagesAsync: () => new Promise<never>(() => undefined),
    close: () => whole.close(),
  };
}

let bench: StoreBench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

test('a call ends by its deadline also where its tokens are not counted by then, and nothing is written', async () => {
  const estimator = uncounting();
  bench = await StoreBench.open({ estimator });
  const { store } = bench;
  await store.put('demo', {});
  const long = text('long '.repeat(10_000));
  const unavailable = { code: 'unavailable' };
  await expect(store.append('demo', [long], { deadlineMs: 50 })).rejects.toMatchObject(unavailable);
  await expect(store.compact('demo', [long], { deadlineMs: 50 })).rejects.toMatchObject(unavailable);
  expect(await store.get('demo')).toMatchObject({ last_seq: 0, version: 0 });
});

test('what was counted leaves the rest of the time to the write', async () => {
  const slow = new Promise<string>((resolve) => setTimeout(resolve, 30, 'counted'));
  const { value, leftMs } = await withinDeadline(slow, 60_000, late);
  expect(value).toBe('counted');
  expect(leftMs).toBeLessThan(60_000);
  expect(leftMs).toBeGreaterThan(0);
});

test('an error of the count is the error of the call', async () => {
  await expect(withinDeadline(Promise.reject(new RangeError('too many')), 60_000, late)).rejects.toThrow(
    'too many',
  );
});

test('a deadline beyond what a timer can wait is a long one, not one that is over', async () => {
  const { value } = await withinDeadline(
    new Promise<string>((resolve) => setTimeout(resolve, 20, 'done')),
    Number.MAX_SAFE_INTEGER,
    late,
  );
  expect(value).toBe('done');
});
