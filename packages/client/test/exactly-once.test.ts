import { expect, test } from '@jest/globals';
import { createClient } from '../src/index.js';
import { CuttingProxy } from './cutting-proxy.js';
import { sharedStoreUrl } from './shared-store.js';

test('an append happens exactly once when every third answer is lost after the server has written', async () => {
  let calls = 0;
  const proxy = await CuttingProxy.start(
    sharedStoreUrl(),
    (method) => method === 'POST' && (calls += 1) % 3 !== 0,
  );
  try {
    const client = createClient({ baseUrl: proxy.url, retries: { count: 10, minDelayMs: 1, maxDelayMs: 2 } });
    const ctx = await client.context('lossy', {});
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const versions: number[] = [];
    for (const i of numbers) {
      const message = { role: 'user', parts: [{ type: 'text', text: String(i) }] };
      const { version, seq } = await ctx.append(message, { ifVersion: i });
      expect(seq).toBe(i + 1);
      versions.push(version);
    }
    expect(proxy.cut).toBeGreaterThan(30);
    expect(versions).toEqual(numbers.map((i) => i + 1));
    const texts: string[] = [];
    for await (const { parts } of ctx.messages()) texts.push(String(parts[0]?.['text']));
    expect(texts).toEqual(numbers.map(String));
  } finally {
    await proxy.close();
  }
});
