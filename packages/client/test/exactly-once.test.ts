import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../src/index.js';
import { CuttingProxy } from './cutting-proxy.js';
import { StoreProcess } from './store-process.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The log of a context, as the texts of its messages. */
async function textsOf(url: string, id: string): Promise<string[]> {
  const ctx = await createClient({ baseUrl: url }).context(id);
  const texts: string[] = [];
  for await (const { parts } of ctx.messages()) texts.push(String(parts[0]?.['text']));
  return texts;
}

const message = (text: string) => ({ role: 'user', parts: [{ type: 'text', text }] });

describe('an append happens exactly once', () => {
  test('when every third answer is lost after the server has written', async () => {
    const store = await StoreProcess.start();
    closing.push(() => store.remove());
    let calls = 0;
    const proxy = await CuttingProxy.start(
      store.url,
      (method) => method === 'POST' && (calls += 1) % 3 !== 0,
    );
    closing.push(() => proxy.close());
    const client = createClient({ baseUrl: proxy.url, retries: { count: 10, minDelayMs: 1, maxDelayMs: 2 } });
    const ctx = await client.context('lossy', {});
    const versions: number[] = [];
    for (let i = 0; i < 30; i++) {
      const { version, seq } = await ctx.append(message(String(i)), { ifVersion: i });
      expect(seq).toBe(i + 1);
      versions.push(version);
    }
    expect(proxy.cut).toBeGreaterThan(30);
    expect(versions).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await textsOf(store.url, 'lossy')).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
  });

  test('when the server is killed and comes back while appends are under way', async () => {
    const store = await StoreProcess.start();
    closing.push(() => store.remove());
    const client = createClient({
      baseUrl: store.url,
      retries: { count: 5000, minDelayMs: 20, maxDelayMs: 100 },
    });
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await client.context(id, {});
    let stop = false;
    const counts = ids.map(() => 0);
    const everyCount = async (least: number): Promise<void> => {
      while (Math.min(...counts) < least) await delay(10);
    };
    await Promise.all([
      ...ids.map(async (id, index) => {
        const ctx = await client.context(id);
        for (let count = 0; !stop; counts[index] = count += 1) await ctx.append(message(String(count)));
      }),
      (async () => {
        await everyCount(5);
        await store.kill();
        await store.start();
        await everyCount(10);
        await store.shutDown();
        await store.start();
        await everyCount(15);
        stop = true;
      })(),
    ]);
    for (const [index, id] of ids.entries()) {
      const count = counts[index] ?? 0;
      expect(count).toBeGreaterThan(10);
      expect(await textsOf(store.url, id)).toEqual(Array.from({ length: count }, (_, i) => String(i)));
    }
  }, 90_000);
});
