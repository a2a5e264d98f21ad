import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createEstimator } from '../../src/index.js';

const MIB = 1024 * 1024;
const hostile = ['a', ' ', '^', '\n', '😀', '漢', 'aA', '\ud800'].map((unit) =>
  unit.repeat(MIB / unit.length),
);

describe('long texts are counted on a worker', () => {
  const estimator = createEstimator('tiktoken:o200k_base*1.5');
  afterAll(() => estimator.close());

  test('with the numbers of the synchronous methods', async () => {
    const text = 'The oldest turns fall away first. '.repeat(2000);
    const parts = [
      { type: 'text', text },
      { type: 'tool-x', toolCallId: 'c', input: { text }, output: [text] },
      { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' },
    ];
    const small = { role: 'user', parts: [{ type: 'text', text: 'short' }] };
    const large = { role: 'assistant', parts };
    expect(await estimator.countTextAsync(text)).toBe(estimator.countText(text));
    expect(await estimator.countMessageAsync(large)).toEqual(estimator.countMessage(large));
    expect(await estimator.countMessageAsync(small)).toEqual(estimator.countMessage(small));
    const batch = [small, large, small, large];
    expect(await estimator.countMessagesAsync(batch)).toEqual(
      batch.map((message) => estimator.countMessage(message)),
    );
  });

  test('while the event loop goes on: a 5 ms interval is never more than 50 ms late', async () => {
    await estimator.countTextAsync('warm up '.repeat(4000));
    // A machine that stood still looks like a thread that was busy; one that holds up the loop does so each time.
    let longest = Infinity;
    for (let round = 0; round < 3 && longest >= 50; round += 1) longest = await longestTurnMs();
    expect(longest).toBeLessThan(50);
  });

  async function longestTurnMs(): Promise<number> {
    // Where this thread itself could not have run (another process had the core), lateness says nothing of the
    // estimator: only time that this thread was busy counts.
    let last = performance.now();
    let lastBusy = busyMs();
    let longest = 0;
    const interval = setInterval(() => {
      const now = performance.now();
      const busy = busyMs();
      longest = Math.max(longest, Math.min(now - last - 5, busy - lastBusy));
      last = now;
      lastBusy = busy;
    }, 5);
    const messages = hostile.map((text) => ({ role: 'user', parts: [{ type: 'text', text }] }));
    // They come as requests do, each in its own turn of the loop: handing over 8 MiB at once is a test of copying.
    const counts = [];
    for (const message of messages) {
      counts.push(estimator.countMessageAsync(message));
      await setImmediate();
    }
    const counted = await Promise.all(counts);
    await delay(20);
    clearInterval(interval);
    for (const { total } of counted) expect(total).toBeGreaterThan(1000);
    return longest;
  }

  function busyMs(): number {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  }
});

describe('the worker has bounds', () => {
  test('text beyond the queue is refused, and taken again once there is room', async () => {
    const estimator = createEstimator('tiktoken:o200k_base', { maxQueuedCharacters: 100_000 });
    const text = 'word '.repeat(15_000);
    const first = estimator.countTextAsync(text);
    await expect(estimator.countTextAsync(text)).rejects.toMatchObject({ code: 'estimator_overloaded' });
    expect(await first).toBe(15_001);
    expect(await estimator.countTextAsync(text)).toBe(15_001);
    await estimator.close();
  });

  test('a text larger than the whole queue is still counted when it is alone', async () => {
    const estimator = createEstimator('tiktoken:o200k_base', { maxQueuedCharacters: 10 });
    expect(await estimator.countTextAsync(' '.repeat(20_000))).toBeGreaterThan(0);
    await estimator.close();
  });

  test('a call that misses its deadline says so', async () => {
    const estimator = createEstimator('tiktoken:o200k_base', { deadlineMs: 1 });
    await expect(estimator.countTextAsync('a'.repeat(8 * MIB))).rejects.toMatchObject({
      code: 'estimator_timeout',
    });
    await estimator.close();
  });

  test('after close long texts are refused and short ones are not', async () => {
    const estimator = createEstimator('tiktoken:o200k_base');
    const waiting = estimator.countTextAsync('a'.repeat(4 * MIB));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'estimator_closed' });
    await estimator.close();
    await refused;
    await expect(estimator.countTextAsync('a'.repeat(MIB))).rejects.toMatchObject({
      code: 'estimator_closed',
    });
    expect(await estimator.countTextAsync('Hello')).toBe(1);
    await estimator.close();
  });

  test('chars:N needs no worker', async () => {
    const estimator = createEstimator('chars:4');
    expect(await estimator.countTextAsync('a'.repeat(MIB))).toBe(MIB / 4);
    await estimator.close();
  });
});
