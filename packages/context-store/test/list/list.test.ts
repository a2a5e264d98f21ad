import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { ListOptions } from '../../src/index.js';
import { StoreBench } from '../support/open-store.js';

describe('list', () => {
  let bench: StoreBench;
  const names = Array.from({ length: 330 }, (_, n) => `${n % 3 === 0 ? 'chat' : 'note'}-${n}`);
  const sorted = [...names].sort();

  beforeAll(async () => {
    bench = await StoreBench.open({ groups: 16 });
    await Promise.all(
      names.map((name, n) =>
        bench.store.put(name, {
          metadata: { tier: n % 2 === 0 ? 'gold' : 'tin', number: n % 4, ['__proto__']: 1 },
        }),
      ),
    );
    await Promise.all(names.filter((_, n) => n % 10 === 0).map((name) => bench.store.tombstone(name)));
  });
  afterAll(() => bench.close());

  async function all(options: ListOptions): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    for (;;) {
      const page = await bench.store.list({ ...options, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.contexts.map(({ id }) => id));
      if (page.nextCursor === null) return ids;
      cursor = page.nextCursor;
    }
  }

  test('gives the contexts of all groups by id, 100 a page', async () => {
    const page = await bench.store.list();
    expect(page.contexts.map(({ id }) => id)).toEqual(sorted.slice(0, 100));
    expect(page.contexts[0]).toEqual(await bench.store.get(sorted[0] ?? ''));
  });

  test.each([1, 7, 100, 330, 1_000])('pages of %i lead through each of them once', async (limit) => {
    expect(await all({ limit })).toEqual(sorted);
  });

  test('filters by prefix', async () => {
    expect(await all({ prefix: 'chat-1', limit: 9 })).toEqual(
      sorted.filter((name) => name.startsWith('chat-1')),
    );
    expect(await all({ prefix: 'zzz' })).toEqual([]);
  });

  test('filters by status', async () => {
    const gone = new Set(names.filter((_, n) => n % 10 === 0));
    expect(await all({ status: 'tombstoned', limit: 5 })).toEqual(sorted.filter((name) => gone.has(name)));
    expect(await all({ status: 'active', limit: 50 })).toEqual(sorted.filter((name) => !gone.has(name)));
  });

  test('filters by metadata, strings as they are and others as JSON', async () => {
    const wanted = new Set(names.filter((_, n) => n % 4 === 2));
    expect(await all({ metadata: { tier: 'gold', number: '2' }, limit: 10 })).toEqual(
      sorted.filter((name) => wanted.has(name)),
    );
    expect(await all({ metadata: { toString: 'x' } })).toEqual([]);
  });

  test('an erased context is not in the list', async () => {
    await bench.store.put('temporary', {});
    expect(await all({ prefix: 'temp' })).toEqual(['temporary']);
    await bench.store.erase('temporary');
    expect(await all({ prefix: 'temp' })).toEqual([]);
  });

  test('a cursor or prefix that is none is refused', async () => {
    await expect(bench.store.list({ cursor: 'a/b' })).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(bench.store.list({ prefix: 'a/b' })).rejects.toMatchObject({ code: 'invalid_range' });
    await expect(bench.store.list({ limit: 0 })).rejects.toMatchObject({ code: 'invalid_range' });
  });
});
