import { afterEach, describe, expect, test } from '@jest/globals';
import { ArchiveError } from '@fastpaca/archiver';

import type { ArchiveOptions, ContextStore } from '../../src/index.js';
import { until } from '../support/cluster-bench.js';
import { text } from '../support/group-bench.js';
import { MemoryArchive } from '../support/memory-archive.js';
import { parse, StoreBench } from '../support/open-store.js';

const settings = { policy: { strategy: 'last_n', config: { limit: 4 } } } as const;

describe('a store with an archive', () => {
  const archive = { adapter: new MemoryArchive() };
  let bench: StoreBench | null = null;
  afterEach(async () => {
    await bench?.close();
    bench = null;
    archive.adapter = new MemoryArchive();
  });
  const failures: { code: string; retryInMs: number }[] = [];
  const open = async (options: Partial<ArchiveOptions> = {}): Promise<ContextStore> => {
    failures.length = 0;
    bench = await StoreBench.open({
      archive: { adapter: archive.adapter, flushIntervalMs: 10, tailKeep: 3, ...options },
      observer: {
        archive: {
          onFailure: ({ error, retryInMs }) => {
            failures.push({ code: error instanceof ArchiveError ? error.code : error.message, retryInMs });
          },
        },
      },
    });
    return bench.store;
  };
  const fill = async (store: ContextStore, id: string, count: number): Promise<void> => {
    await store.put(id, settings);
    for (let n = 1; n <= count; n += 1) await store.append(id, [text(`${id} ${n}`)]);
  };
  const archived = async (store: ContextStore, id: string): Promise<boolean> => {
    const { archived_seq: done, last_seq: last } = await store.get(id);
    return done === last;
  };
  const whole = async (store: ContextStore, id: string): Promise<unknown[]> => {
    const { messages } = await store.messages(id, { limit: 1_000 });
    return messages.map((json) => (parse(json)['parts'] as { text: string }[])[0]?.text);
  };
  const texts = (id: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${id} ${n + 1}`);

  test('archives by itself, trims, and reads the whole history, also after it was opened again', async () => {
    const store = await open();
    await fill(store, 'demo', 20);
    await until(
      () => archived(store, 'demo'),
      () => 'the watermark',
    );
    expect(archive.adapter.rowsOf('demo')).toHaveLength(20);
    const status = await store.archive?.status();
    expect(status).toMatchObject({ pendingContexts: 0, pendingRows: 0, oldestAt: null });
    expect(status?.localRows).toBeLessThanOrEqual(4);
    expect(status?.trimmedRows).toBe(20 - (status?.localRows ?? 0));
    expect(await whole(store, 'demo')).toEqual(texts('demo', 20));
    await bench?.restart();
    expect(await whole(bench?.store ?? store, 'demo')).toEqual(texts('demo', 20));
  });

  test('opens while the archive is down, serves what is here, and archives once it is back', async () => {
    archive.adapter.failure = new ArchiveError('archive_unavailable', 'connection refused');
    const store = await open();
    await fill(store, 'demo', 10);
    await until(
      () => failures.length > 0,
      () => 'a failure',
    );
    expect(failures[0]).toEqual({ code: 'archive_unavailable', retryInMs: 500 });
    expect(await whole(store, 'demo')).toEqual(texts('demo', 10));
    expect((await store.archive?.status())?.pendingRows).toBe(10);
    archive.adapter.failure = null;
    await until(
      () => archived(store, 'demo'),
      () => 'the watermark',
    );
  });

  test('tells of what waits: the oldest, and the contexts with most', async () => {
    archive.adapter.failure = new Error('down');
    const before = Date.now();
    const store = await open();
    await fill(store, 'small', 2);
    await fill(store, 'large', 9);
    const status = await store.archive?.status();
    expect(status).toMatchObject({
      pendingContexts: 2,
      pendingRows: 11,
      localRows: 11,
      largest: {
        lag: [
          { contextId: 'large', value: 9 },
          { contextId: 'small', value: 2 },
        ],
        trimmed: [],
      },
    });
    expect(status?.oldestAt).toBeGreaterThanOrEqual(before);
    expect(status?.oldestAt).toBeLessThanOrEqual(Date.now());
  });

  test('an erase frees the id at once, and its rows go when the archive is back; only then comes the new life', async () => {
    const store = await open();
    await fill(store, 'demo', 6);
    await until(
      () => archived(store, 'demo'),
      () => 'the watermark',
    );
    archive.adapter.failure = new Error('down');
    await store.erase('demo');
    await fill(store, 'demo', 3);
    expect(await whole(store, 'demo')).toEqual(texts('demo', 3));
    expect((await store.archive?.status())?.pendingErasures).toBe(1);
    expect(archive.adapter.rowsOf('demo')).toHaveLength(6);
    archive.adapter.failure = null;
    await until(
      () => archived(store, 'demo'),
      () => 'the watermark of the new life',
    );
    expect(archive.adapter.rowsOf('demo').map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await store.archive?.status())?.pendingErasures).toBe(0);
  });

  test('a write that was under way when its context was erased leaves nothing', async () => {
    const store = await open();
    let pass = (): void => undefined;
    archive.adapter.gate = new Promise((resolve) => {
      pass = resolve;
    });
    await fill(store, 'demo', 5);
    await until(
      async () => (await store.archive?.status())?.pendingRows === 5,
      () => 'what waits',
    );
    await store.erase('demo');
    pass();
    await until(
      async () => (await store.archive?.status())?.pendingErasures === 0,
      () => 'the erasure',
    );
    expect(archive.adapter.rowsOf('demo')).toEqual([]);
  });

  test('closes though the archive never answers', async () => {
    const store = await open();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    archive.adapter.gate = promise;
    await fill(store, 'demo', 5);
    const start = performance.now();
    await bench?.restart({ observer: {} });
    expect(performance.now() - start).toBeLessThan(10_000);
    // What waits still has timers, and they would hold up the end of the tests.
    resolve(undefined);
  });

  test('without one keeps everything', async () => {
    bench = await StoreBench.open();
    const { store } = bench;
    await fill(store, 'demo', 12);
    expect(store.archive).toBeNull();
    await store.erase('demo');
    await store.put('demo', {});
    expect(await whole(store, 'demo')).toEqual([]);
  });
});
