import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { logIndex, term } from '@fastpaca/raft-core';
import { LogStorageError, LogStore } from '../src/index.js';
import type { WriteReport } from '../src/index.js';
import { fillDiskUnder } from './support/broken-disk.js';
import { newDirectory } from './support/directories.js';
import { bytes, entries, entry, g1, g2, meta } from './support/samples.js';

const everything = Number.MAX_SAFE_INTEGER;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function storedEntries(directory: string): Promise<number> {
  const db = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'db'), { keyEncoding: 'view' });
  const keys = await db.keys({ gte: Buffer.from([1]), lt: Buffer.from([2]) }).all();
  await db.close();
  return keys.length;
}

describe('the latch', () => {
  test('the first failed write is told once, and every later call fails with it', async () => {
    const directory = newDirectory();
    const failures: LogStorageError[] = [];
    const store = await LogStore.open(directory, { onFailure: (error) => failures.push(error) });
    await store.open();
    const space = store.keySpace(g1);
    await store.write([{ group: g1, append: entries(1, 3), meta: meta(1) }]);
    const waiting = expect(
      space.durable(space.stage([{ type: 'put', key: bytes('a'), value: bytes('1') }])),
    ).rejects.toMatchObject({ code: 'store_failed' });
    fillDiskUnder(directory);
    await expect(store.write([{ group: g1, append: [entry(4)] }])).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringMatching(/No space left.*Remove the cause, then start the process anew/s),
      cause: expect.anything(),
    });
    await waiting;
    expect(failures).toHaveLength(1);
    expect(store.failure).toBe(failures[0]);
    const failed = { code: 'store_failed' };
    await expect(store.write([])).rejects.toMatchObject(failed);
    await expect(store.read(g1, logIndex(1), logIndex(3), everything)).rejects.toMatchObject(failed);
    await expect(space.getMany([bytes('a')])).rejects.toMatchObject(failed);
    await expect(space.rangeArray({})).rejects.toMatchObject(failed);
    expect(() => space.get(bytes('a'))).toThrow(LogStorageError);
    expect(() => space.stage([])).toThrow(LogStorageError);
    expect(() => store.keySpace(g2)).toThrow(LogStorageError);
    await store.close();
  });
});

test('a store that cannot be opened says what the system said, and what it takes', async () => {
  const directory = newDirectory();
  // LevelDB opens its lock for writing, before anything else.
  mkdirSync(join(directory, 'db', 'LOCK'), { recursive: true });
  await expect(LogStore.open(directory)).rejects.toMatchObject({
    message: expect.stringMatching(/LOCK.*This process must be able to write there/s),
  });
});

describe('a write that breaks the contract is refused, and nothing of its batch is written', () => {
  const good = { group: g2, append: entries(1, 2), meta: meta(1) };
  const cases = {
    'a hole': [good, { group: g1, append: [entry(5)] }],
    'a term that falls': [good, { group: g1, append: [entry(4, 0)] }],
    'a truncation into the compacted prefix': [good, { group: g1, truncateFrom: logIndex(1) }],
    'a first write without meta': [{ group: g2, append: entries(1, 2) }],
    'a reset without meta': [good, { group: g1, reset: true }],
    'a compaction past the end': [
      good,
      { group: g1, meta: meta(1, { compacted: { index: logIndex(9), term: term(1) } }) },
    ],
    'a group twice': [good, { group: g1 }, { group: g1 }],
  };
  for (const [name, writes] of Object.entries(cases)) {
    test(name, async () => {
      const store = await LogStore.open(newDirectory());
      await store.open();
      await store.write([{ group: g1, append: entries(1, 3), meta: meta(1) }]);
      const compacted = { index: logIndex(1), term: term(1) };
      await store.write([{ group: g1, meta: meta(1, { compacted }) }]);
      await expect(store.write(writes)).rejects.toMatchObject({ code: 'invalid_write' });
      await expect(store.read(g2, logIndex(1), logIndex(1), everything)).rejects.toMatchObject({
        code: 'out_of_range',
      });
      await store.write([{ group: g1, append: [entry(4)] }]);
      await store.close();
    });
  }

  test('a second write while one is in flight', async () => {
    const store = await LogStore.open(newDirectory());
    await store.open();
    const first = store.write([good]);
    await expect(store.write([])).rejects.toMatchObject({ code: 'invalid_write' });
    await first;
    await store.close();
  });
});

describe('reads', () => {
  test('outside of the log are refused and do not latch', async () => {
    const store = await LogStore.open(newDirectory());
    await expect(store.read(g1, logIndex(1), logIndex(1), 1)).rejects.toMatchObject({ code: 'store_closed' });
    await store.open();
    await store.write([{ group: g1, append: entries(1, 5), meta: meta(1) }]);
    for (const [from, to] of [
      [0, 3],
      [4, 6],
      [6, 6],
    ] as const) {
      const reading = store.read(g1, logIndex(from), logIndex(to), everything);
      await expect(reading).rejects.toMatchObject({ code: 'out_of_range' });
    }
    expect(await store.read(g1, logIndex(1), logIndex(5), everything)).toHaveLength(5);
    await store.close();
  });

  test('of what a batch in flight touches wait for it', async () => {
    const store = await LogStore.open(newDirectory());
    await store.open();
    await store.write([{ group: g1, append: entries(1, 5), meta: meta(1) }]);
    const writing = store.write([{ group: g1, truncateFrom: logIndex(3), append: entries(3, 8, 2) }]);
    const read = await store.read(g1, logIndex(1), logIndex(8), everything);
    expect(read.map((one) => one.term)).toEqual([1, 1, 2, 2, 2, 2, 2, 2]);
    await writing;
    await store.close();
  });
});

describe('compacted entries', () => {
  test('go in small steps with later batches, and by themselves when nothing is written', async () => {
    const directory = newDirectory();
    const reports: WriteReport[] = [];
    const store = await LogStore.open(directory, { onWrite: (report) => reports.push(report) });
    await store.open();
    await store.write([{ group: g1, append: entries(1, 2_000), meta: meta(1) }]);
    await store.write([{ group: g2, append: entries(1, 300), meta: meta(1) }]);
    reports.length = 0;
    const compacted = (index: number): ReturnType<typeof meta> =>
      meta(1, { compacted: { index: logIndex(index), term: term(1) } });
    await store.write([
      { group: g1, meta: compacted(1_990) },
      { group: g2, meta: compacted(300) },
    ]);
    expect(store.reclaiming).toBe(true);
    await until(() => !store.reclaiming);
    expect(Math.max(...reports.map((report) => report.ops))).toBeLessThan(200);
    expect(await store.read(g1, logIndex(1_991), logIndex(2_000), everything)).toHaveLength(10);
    await store.close();
    expect(await storedEntries(directory)).toBe(10);
  });

  test('go on going after a restart', async () => {
    const directory = newDirectory();
    const store = await LogStore.open(directory);
    await store.open();
    await store.write([{ group: g1, append: entries(1, 2_000), meta: meta(1) }]);
    const compacted = { index: logIndex(2_000), term: term(1) };
    await store.write([{ group: g1, meta: meta(1, { compacted }) }]);
    await store.close();
    expect(await storedEntries(directory)).toBeGreaterThan(1_000);
    const again = await LogStore.open(directory);
    expect(await again.open()).toMatchObject([{ status: 'healthy', lastIndex: 2_000 }]);
    await until(() => !again.reclaiming);
    await again.close();
    expect(await storedEntries(directory)).toBe(0);
  });
});

test('a report of each batch counts its operations and bytes', async () => {
  const reports: WriteReport[] = [];
  const store = await LogStore.open(newDirectory(), { onWrite: (report) => reports.push(report) });
  await store.open();
  store.keySpace(g1).stage([{ type: 'put', key: bytes('a'), value: Buffer.alloc(500) }]);
  await store.write([{ group: g1, append: entries(1, 3, 1, 1_000), meta: meta(1) }]);
  expect(reports).toHaveLength(1);
  const [report] = reports;
  // The sequence, three entries, the group's record and the staged key.
  expect(report?.ops).toBe(6);
  expect(report?.bytes).toBeGreaterThan(3_500);
  expect(report?.bytes).toBeLessThan(4_000);
  expect(report?.durationMs).toBeGreaterThan(0);
  await store.close();
});
