import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  ArchiveError,
  Archiver,
  type ArchiverObserver,
  type ArchiverOptions,
  type PendingSummary,
} from '../../src/index.js';
import { MemorySource } from '../../src/testing/index.js';
import { MemoryArchive } from '../support/memory-archive.js';
import { Gate, until } from '../support/until.js';

function setUp(options: Partial<ArchiverOptions> = {}) {
  const source = new MemorySource();
  const archive = new MemoryArchive();
  const archiver = new Archiver({ source, adapter: archive, random: () => 0.5, ...options });
  const fill = (contextId: string, messages: number): void => {
    for (let count = 0; count < messages; count += 1) source.append(contextId);
  };
  return { source, archive, archiver, fill };
}

const unavailable = () => new ArchiveError('archive_unavailable', 'Down, by the test.');

describe('rounds', () => {
  test('everything that waits is archived, in batches over many contexts, and acknowledged', async () => {
    const { source, archive, archiver, fill } = setUp({ batchRows: 100 });
    for (let index = 0; index < 50; index += 1) fill(`chat-${index}`, 1 + (index % 7));
    fill('long', 500);
    const before = source.waiting().length;
    await archiver.flushNow();
    expect(source.waiting()).toEqual([]);
    expect(archive.rows()).toHaveLength(before);
    expect(Math.max(...archive.batches.map(({ rows }) => rows))).toBe(100);
    expect(archiver.status()).toMatchObject({ pending: { rows: 0, contexts: 0 }, failures: 0, parked: [] });
  });

  test('a huge backlog takes its part of a batch and keeps no small one waiting', async () => {
    const { source, archive, archiver, fill } = setUp({ batchRows: 100 });
    fill('a-huge-one', 2_000);
    for (let index = 0; index < 30; index += 1) fill(`small-${index}`, 2);
    const small = (): number => source.waiting().filter((row) => row.contextId !== 'a-huge-one').length;
    let smallAfterSecond: number | null = null;
    archive.faults = {
      beforeWrite: () => {
        if (archive.batches.length === 2) smallAfterSecond = small();
      },
    };
    await archiver.flushNow();
    expect(smallAfterSecond).toBe(0);
    expect(source.waiting()).toEqual([]);
  });

  test('more contexts than a batch has rows all get their turn in one pass', async () => {
    const { archive, archiver, fill } = setUp({ batchRows: 10 });
    for (let index = 0; index < 35; index += 1) fill(`chat-${index}`, 3);
    await archiver.flushNow();
    expect(new Set(archive.rows().map(({ contextId }) => contextId)).size).toBe(35);
    expect(archive.batches.every(({ rows }) => rows <= 10)).toBe(true);
  });

  test('a large backlog goes in few parts, each acknowledged once, and the next batch is read meanwhile', async () => {
    const { source, archive, archiver, fill } = setUp({ batchRows: 100 });
    for (let index = 0; index < 8; index += 1) fill(`chat-${index}`, 50);
    let acknowledged = 0;
    const acknowledge = source.acknowledge.bind(source);
    source.acknowledge = (given) => {
      acknowledged += given.length;
      return acknowledge(given);
    };
    await archiver.flushNow();
    expect(source.waiting()).toEqual([]);
    expect(archive.batches.map(({ rows }) => rows)).toEqual([100, 100, 100, 100]);
    expect(acknowledged).toBe(8);
  });

  test('a batch ends at its bytes, and a row larger than that goes alone with its part', async () => {
    const { source, archive, archiver } = setUp({ batchBytes: 1_000 });
    for (let index = 0; index < 40; index += 1) {
      const text = 'x'.repeat(index === 7 ? 5_000 : 300);
      source.append('chat', { body: Buffer.from(JSON.stringify({ parts: [{ type: 'text', text }] })) });
    }
    await archiver.flushNow();
    expect(source.waiting()).toEqual([]);
    const sizes = archive.batches.map(({ bytes }) => bytes).sort((a, b) => a - b);
    expect(sizes.at(-2)).toBeLessThanOrEqual(1_000);
    expect(sizes.at(-1)).toBeLessThan(6_000);
  });

  test('one batch is read while one is written, and no more', async () => {
    const { source, archive, archiver, fill } = setUp({ batchRows: 10 });
    for (let index = 0; index < 60; index += 1) fill(`chat-${index}`, 1);
    let read = 0;
    const originalRead = source.read.bind(source);
    source.read = async (...args) => {
      const rows = await originalRead(...args);
      read += rows.length;
      return rows;
    };
    let written = 0;
    let mostAhead = 0;
    archive.faults = {
      beforeWrite: async () => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        mostAhead = Math.max(mostAhead, read - written);
      },
      afterWrite: (rows) => void (written += rows.length),
    };
    await archiver.flushNow();
    expect(archive.mostAtOnce).toBe(1);
    expect(mostAhead).toBe(20);
  });
});

describe('started', () => {
  test('it archives what comes, follows up at once while it is behind, and stops after what is under way', async () => {
    const { source, archive, archiver, fill } = setUp({ batchRows: 10, flushIntervalMs: 20 });
    archiver.start();
    archiver.start();
    fill('chat', 95);
    await until(() => source.waiting().length === 0, 'the backlog');
    source.append('chat');
    await until(() => source.waiting().length === 0, 'the next message');
    const gate = new Gate();
    archive.faults = { beforeWrite: () => gate.pass() };
    fill('chat', 15);
    await until(() => gate.arrived === 1, 'a write under way');
    const stopped = archiver.stop();
    gate.open();
    await stopped;
    expect(source.waiting()).toHaveLength(5);
    const batches = archive.batches.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(archive.batches).toHaveLength(batches);
    archiver.start();
    await until(() => source.waiting().length === 0, 'the rest, once started again');
    await archiver.stop();
  });

  test('a flush that is cut short by stop says so', async () => {
    const { archive, archiver, fill } = setUp({ batchRows: 10 });
    fill('chat', 30);
    const gate = new Gate();
    archive.faults = { beforeWrite: () => gate.pass() };
    const flushed = archiver.flushNow();
    await until(() => gate.arrived === 1, 'a write under way');
    const stopped = archiver.stop();
    gate.open();
    await expect(flushed).rejects.toMatchObject({ code: 'archive_closed' });
    await stopped;
  });
});

describe('a rest after each batch', () => {
  test('is kept between batches and between rounds', async () => {
    const rests: number[] = [];
    const rest = ({ rows }: { readonly rows: number }): Promise<void> => {
      rests.push(rows);
      return delay(20);
    };
    const { source, archiver, fill } = setUp({ batchRows: 10, rest });
    fill('chat', 35);
    fill('other', 10);
    const begun = performance.now();
    archiver.start();
    await until(() => rests.reduce((sum, rows) => sum + rows, 0) === 45, 'a rest for the last batch');
    expect(performance.now() - begun).toBeGreaterThan((rests.length - 2) * 20);
    expect(source.waiting()).toEqual([]);
    // A batch that is written while the next one is read is rested for after that.
    expect(rests.length).toBeGreaterThan(2);
    await archiver.stop();
  });

  test('is before the next round where all that waited was one batch', async () => {
    let rests = 0;
    const rest = async (_: unknown, signal: AbortSignal): Promise<void> => {
      rests += 1;
      await delay(30_000, undefined, { signal }).catch(() => undefined);
    };
    const { source, archiver, fill } = setUp({ batchRows: 10, flushIntervalMs: 1, rest });
    fill('chat', 10);
    archiver.start();
    await until(() => rests === 1, 'the first batch');
    fill('chat', 10);
    await delay(200);
    expect(source.waiting()).toHaveLength(10);
    await archiver.stop();
  });

  test('is not in the way of who asks for what waits now', async () => {
    const { source, archiver, fill } = setUp({
      batchRows: 10,
      rest: () => Promise.reject(new Error('It rested.')),
    });
    fill('chat', 35);
    await archiver.flushNow();
    expect(source.waiting()).toEqual([]);
  });

  test('ends at once with stop', async () => {
    const rest = async (_: unknown, signal: AbortSignal): Promise<void> => {
      await delay(30_000, undefined, { signal }).catch(() => undefined);
    };
    const { source, archive, archiver, fill } = setUp({ batchRows: 10, rest });
    fill('chat', 35);
    archiver.start();
    await until(() => source.waiting().length === 25, 'the first batch');
    const rested = delay(20_000, 'the rest is over', { ref: false });
    expect(await Promise.race([rested, archiver.stop()])).toBeUndefined();
    expect(archive.batches).toHaveLength(1);
  });
});

describe('failures', () => {
  test('the archive down: pauses grow, what waits is still counted, and it goes on by itself', async () => {
    const retries: number[] = [];
    let pending: PendingSummary | null = null;
    const observer: ArchiverObserver = {
      onFailure: ({ of, error, retryInMs }) => {
        expect(of).toBe('archive');
        expect(error).toMatchObject({ code: 'archive_unavailable' });
        retries.push(Math.round(retryInMs));
      },
      onPending: (summary) => void (pending = summary),
    };
    const limits = { firstBackoffMs: 4, largestBackoffMs: 16 };
    const { source, archive, archiver, fill } = setUp({ ...limits, batchRows: 10, observer });
    let down = true;
    archive.faults = {
      beforeWrite: () => {
        if (down) throw unavailable();
      },
    };
    for (let index = 0; index < 40; index += 1) fill(`chat-${index}`, 2);
    archiver.start();
    await until(() => retries.length === 5, 'five failures');
    expect(retries.slice(0, 5)).toEqual([3, 6, 12, 12, 12]);
    expect(pending).toMatchObject({ contexts: 40, rows: 80 });
    expect(archiver.status()).toMatchObject({ lastError: { code: 'archive_unavailable' } });
    down = false;
    await until(() => source.waiting().length === 0, 'the backlog');
    await archiver.stop();
    expect(archiver.status()).toMatchObject({ failures: 0, lastError: null });
  });

  test('a write that never ends: the deadline passes, and no second write is begun beside it', async () => {
    const { source, archive, archiver, fill } = setUp({ adapterTimeoutMs: 20, batchRows: 5 });
    const gate = new Gate();
    archive.faults = { beforeWrite: () => gate.pass() };
    fill('chat', 12);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(archiver.flushNow()).rejects.toThrow('A write to the archive took longer than 20 ms.');
    }
    expect(gate.arrived).toBe(1);
    gate.open();
    await until(
      async () =>
        archiver.flushNow().then(
          () => true,
          () => false,
        ),
      'a flush that succeeds',
    );
    expect(source.waiting()).toEqual([]);
    expect(archive.rows()).toHaveLength(12);
  });

  test.each(['pending', 'read', 'acknowledge', 'erasures'] as const)(
    'a source whose %s never answers ends the round, and nothing is lost',
    async (method) => {
      const { source, archiver, fill } = setUp({ sourceTimeoutMs: 20, firstBackoffMs: 1 });
      fill('chat', 12);
      const original = source[method];
      Object.assign(source, { [method]: () => new Promise(() => undefined) });
      await expect(archiver.flushNow()).rejects.toThrow('took longer than 20 ms');
      expect(source.waiting()).toHaveLength(method === 'erasures' ? 0 : 12);
      Object.assign(source, { [method]: original });
      await archiver.flushNow();
      expect(source.waiting()).toEqual([]);
    },
  );

  test('a watermark that the source does not take is tried again with the next round', async () => {
    const { source, archive, archiver, fill } = setUp();
    fill('chat', 3);
    const original = source.acknowledge.bind(source);
    source.acknowledge = () => Promise.resolve([]);
    await archiver.flushNow();
    expect(source.waiting()).toHaveLength(3);
    source.acknowledge = original;
    await archiver.flushNow();
    expect(source.waiting()).toEqual([]);
    expect(archive.rows()).toHaveLength(3);
  });
});

describe('a row that the archive refuses', () => {
  test('stops its context before it and no other, is seen, and goes once it is taken', async () => {
    const seen: string[] = [];
    const observer: ArchiverObserver = {
      onRefused: ({ contextId, seq, reason }, first) =>
        void seen.push(`${contextId} ${seq} ${reason} ${first ? 'first' : 'again'}`),
    };
    const { source, archive, archiver, fill } = setUp({ batchRows: 10, firstRetryMs: 5, observer });
    let refusing = true;
    archive.faults = { refuses: (row) => refusing && row.contextId === 'poisoned' && row.seq >= 25 };
    fill('poisoned', 40);
    for (let index = 0; index < 20; index += 1) fill(`chat-${index}`, 3);
    await archiver.flushNow();
    expect(source.waiting().map(({ seq }) => seq)).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 25),
    );
    expect(archiver.status().parked).toMatchObject([{ contextId: 'poisoned', seq: 25 }]);
    expect(archiver.status().pending).toMatchObject({ contexts: 1, rows: 16 });
    expect(seen[0]).toBe('poisoned 25 refused by the test first');
    await until(async () => {
      await archiver.flushNow();
      return seen.length > 1;
    }, 'a second try');
    expect(seen[1]).toBe('poisoned 25 refused by the test again');
    refusing = false;
    await until(async () => {
      await archiver.flushNow();
      return source.waiting().length === 0;
    }, 'the rest of the context');
    expect(archiver.status().parked).toEqual([]);
    expect(archive.rows()).toHaveLength(100);
  });

  test('is not even read until it is time to try again', async () => {
    const { source, archive, archiver, fill } = setUp();
    archive.faults = { refuses: ({ seq }) => seq === 2 };
    fill('chat', 3);
    await archiver.flushNow();
    const batches = archive.batches.length;
    await archiver.flushNow();
    expect(archive.batches).toHaveLength(batches);
    source.erase('chat');
    await archiver.flushNow();
    expect(archiver.status().parked).toEqual([]);
  });
});

describe('erasures', () => {
  test('come first, and withhold the next life of their id until they are done', async () => {
    const { source, archive, archiver, fill } = setUp({ firstBackoffMs: 1 });
    fill('chat', 5);
    fill('other', 2);
    await archiver.flushNow();
    source.erase('chat');
    fill('chat', 2);
    fill('other', 1);
    let down = true;
    archive.faults = {
      beforeErase: () => {
        if (down) throw unavailable();
      },
    };
    await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_unavailable' });
    // The others went on meanwhile.
    expect(source.waiting('other')).toEqual([]);
    expect(source.waiting('chat')).toHaveLength(2);
    down = false;
    await until(async () => {
      await archiver.flushNow().catch(() => undefined);
      return source.waiting().length === 0;
    }, 'the second life');
    expect(archive.rows().filter(({ contextId }) => contextId === 'chat')).toHaveLength(2);
  });
});

test('the observer hears of rows, bytes, time and age', async () => {
  const attempts: { rows: number; bytes: number }[] = [];
  const written: { rows: number; bytes: number; durationMs: number }[] = [];
  const summaries: PendingSummary[] = [];
  const erased: string[] = [];
  const { source, archive, archiver } = setUp({
    observer: {
      onAttempt: (batch) => void attempts.push(batch),
      onWritten: (batch) => void written.push(batch),
      onPending: (summary) => void summaries.push(summary),
      onErased: ({ contextId }) => void erased.push(contextId),
    },
  });
  for (let seq = 1; seq <= 3; seq += 1) {
    source.append('chat', { body: Buffer.alloc(10, 0x20), insertedAt: 1_000 + seq });
  }
  let lost = true;
  archive.faults = {
    afterWrite: () => {
      if (lost) throw unavailable();
    },
  };
  await expect(archiver.flushNow()).rejects.toThrow();
  expect(summaries.at(-1)).toEqual({
    contexts: 1,
    rows: 3,
    oldestAt: 1_001,
    largest: [{ contextId: 'chat', rows: 3 }],
  });
  lost = false;
  source.append('chat', { body: Buffer.alloc(7, 0x20), insertedAt: 1_004 });
  await archiver.flushNow();
  expect(attempts).toEqual([
    { rows: 3, bytes: 30 },
    { rows: 4, bytes: 37 },
  ]);
  expect(written).toMatchObject([{ rows: 1, bytes: 7 }]);
  expect(written[0]?.durationMs).toBeGreaterThanOrEqual(0);
  expect(summaries.at(-1)).toEqual({ contexts: 0, rows: 0, oldestAt: null, largest: [] });
  source.erase('chat');
  await archiver.flushNow();
  expect(erased).toEqual(['chat']);
});

test('options that make no sense are refused', () => {
  for (const wrong of [{ batchRows: 0 }, { flushIntervalMs: -1 }, { adapterTimeoutMs: Number.NaN }]) {
    expect(() => setUp(wrong)).toThrow(RangeError);
  }
});
