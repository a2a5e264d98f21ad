import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { text } from '../support/group-bench.js';
import { parse, StoreBench } from '../support/open-store.js';

const seqs = (messages: readonly Uint8Array[]): number[] =>
  messages.map((json) => parse(json)['seq'] as number);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe.each([
  ['from memory', 64 << 20],
  ['from disk', 1],
])('paging %s', (_, cacheBytes) => {
  let bench: StoreBench;
  beforeAll(async () => {
    bench = await StoreBench.open({ cacheBytes });
    await bench.store.put('empty', {});
    await bench.store.put('c', { policy: { strategy: 'manual', config: {} } });
    for (let n = 0; n < 12; n += 1) {
      await bench.store.append(
        'c',
        Array.from({ length: 100 }, (_, m) => text(`${n * 100 + m + 1}`)),
      );
    }
  });
  afterAll(() => bench.close());

  test('a page is 100 messages unless asked otherwise, and 1,000 at most', async () => {
    expect(seqs((await bench.store.messages('c')).messages)).toEqual(range(1, 100));
    expect((await bench.store.messages('c', { limit: 5_000 })).messages).toHaveLength(1_000);
    expect(seqs(await bench.store.tail('c'))).toEqual(range(1_101, 1_200));
    expect(await bench.store.tail('c', { limit: 5_000 })).toHaveLength(1_000);
  });

  test('the cursor is exclusive and leads through all messages, each once', async () => {
    const found: number[] = [];
    let cursor: number | undefined;
    for (;;) {
      const page = await bench.store.messages('c', {
        limit: 77,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...seqs(page.messages));
      if (page.nextCursor === null) break;
      expect(page.nextCursor).toBe(found.at(-1));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(range(1, 1_200));
  });

  test('from_seq and to_seq are inclusive', async () => {
    expect(await bench.store.messages('c', { fromSeq: 5, toSeq: 7 })).toMatchObject({ nextCursor: null });
    expect(seqs((await bench.store.messages('c', { fromSeq: 5, toSeq: 7 })).messages)).toEqual([5, 6, 7]);
    const page = await bench.store.messages('c', { fromSeq: 5, toSeq: 7, limit: 2 });
    expect([seqs(page.messages), page.nextCursor]).toEqual([[5, 6], 6]);
    expect(seqs((await bench.store.messages('c', { fromSeq: 5, toSeq: 7, cursor: 6 })).messages)).toEqual([
      7,
    ]);
  });

  test('a negative from_seq counts from the end', async () => {
    expect(seqs((await bench.store.messages('c', { fromSeq: -50 })).messages)).toEqual(range(1_151, 1_200));
    expect(seqs((await bench.store.messages('c', { fromSeq: -5_000, limit: 3 })).messages)).toEqual([
      1, 2, 3,
    ]);
  });

  test('with a negative from_seq the next page follows the cursor, though the end has moved on', async () => {
    await bench.store.put('moving', { policy: { strategy: 'manual', config: {} } });
    const ten = range(1, 10).map((n) => text(`${n}`));
    await bench.store.append('moving', ten);
    const first = await bench.store.messages('moving', { fromSeq: -4, limit: 2 });
    expect([seqs(first.messages), first.nextCursor]).toEqual([[7, 8], 8]);
    await bench.store.append('moving', ten);
    const next = await bench.store.messages('moving', { fromSeq: -4, limit: 3, cursor: 8 });
    expect(seqs(next.messages)).toEqual([9, 10, 11]);
  });

  test('past the end there is nothing', async () => {
    expect(await bench.store.messages('c', { fromSeq: 1_201 })).toEqual({ messages: [], nextCursor: null });
    expect(await bench.store.messages('empty')).toEqual({ messages: [], nextCursor: null });
  });

  test('a tail page is chronological; offset skips the newest; it is empty only past the beginning', async () => {
    expect(seqs(await bench.store.tail('c', { limit: 3 }))).toEqual([1_198, 1_199, 1_200]);
    expect(seqs(await bench.store.tail('c', { limit: 3, offset: 2 }))).toEqual([1_196, 1_197, 1_198]);
    expect(seqs(await bench.store.tail('c', { limit: 3, offset: 1_198 }))).toEqual([1, 2]);
    expect(await bench.store.tail('c', { limit: 3, offset: 1_200 })).toEqual([]);
    expect(await bench.store.tail('empty')).toEqual([]);
  });

  test('an export gives every message of the range, one a line', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await bench.store.export('c', { fromSeq: 10 })) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(range(10, 1_200));
  });

  test.each([
    [{ limit: 0 }, 'invalid_range', 'limit'],
    [{ limit: 1.5 }, 'invalid_range', 'limit'],
    [{ fromSeq: Number.NaN }, 'invalid_range', 'from_seq'],
    [{ toSeq: -1 }, 'invalid_range', 'to_seq'],
    [{ cursor: -1 }, 'invalid_cursor', 'cursor'],
  ])('%j is refused', async (options, code, field) => {
    await expect(bench.store.messages('c', options)).rejects.toMatchObject({
      code,
      status: 400,
      details: { field },
    });
  });

  test('a context that is not there is not found', async () => {
    const missing = { code: 'context_not_found', status: 404 };
    await expect(bench.store.messages('nobody')).rejects.toMatchObject(missing);
    await expect(bench.store.tail('nobody')).rejects.toMatchObject(missing);
    await expect(bench.store.export('nobody')).rejects.toMatchObject(missing);
  });
});

describe('large messages', () => {
  let bench: StoreBench;
  const large = 'x'.repeat(1 << 20);
  beforeAll(async () => {
    bench = await StoreBench.open({ cacheBytes: 1 });
    await bench.store.put('c', { policy: { strategy: 'manual', config: {} } });
    for (let n = 0; n < 70; n += 1) await bench.store.append('c', [text(large, { tokenCount: 1 })]);
  }, 120_000);
  afterAll(() => bench.close());

  test('end a forward page early, with a cursor', async () => {
    const page = await bench.store.messages('c', { limit: 1_000 });
    expect(page.messages).toHaveLength(63);
    expect(page.nextCursor).toBe(63);
    expect((await bench.store.messages('c', { limit: 1_000, cursor: 63 })).nextCursor).toBeNull();
  });

  test('refuse a tail page that would be cut: it has no cursor to go on from', async () => {
    await expect(bench.store.tail('c', { limit: 70 })).rejects.toMatchObject({ code: 'page_too_large' });
    expect(await bench.store.tail('c', { limit: 10 })).toHaveLength(10);
  });

  test('an export reads on only as it is read', async () => {
    const seen: number[] = [];
    for await (const chunk of await bench.store.export('c')) {
      expect(chunk.length).toBeLessThan(3 << 20);
      seen.push(chunk.length);
      if (seen.length === 5) break;
    }
    expect(seen).toHaveLength(5);
  });

  test('an export of a context that is erased meanwhile fails, and does not end as if complete', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of await bench.store.export('c'))
        await bench.store.erase('c').catch(() => undefined);
    };
    await expect(read()).rejects.toMatchObject({ code: 'context_not_found' });
  });
});
