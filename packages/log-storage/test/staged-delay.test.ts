import { describe, expect, test } from '@jest/globals';
import { logIndex } from '@fastpaca/raft-core';
import { LogStore } from '../src/index.js';
import type { KeySpace, StagedDelay, WriteReport } from '../src/index.js';
import { newDirectory } from './support/directories.js';
import { bytes, entry, g1, g2, meta, text } from './support/samples.js';

const never = 1e9;

interface Opened {
  readonly store: LogStore;
  readonly space: KeySpace;
  readonly reports: WriteReport[];
  /** A write of one more log entry. */
  readonly append: () => Promise<void>;
}

async function open(stagedDelay: StagedDelay, directory = newDirectory()): Promise<Opened> {
  const reports: WriteReport[] = [];
  const store = await LogStore.open(directory, { stagedDelay, onWrite: (report) => reports.push(report) });
  const [known] = await store.open();
  let last = known?.status === 'healthy' ? known.lastIndex : 0;
  const append = async (): Promise<void> => {
    last += 1;
    await store.write([{ group: g2, append: [entry(last)], ...(last === 1 ? { meta: meta(1) } : {}) }]);
  };
  return { store, space: store.keySpace(g1), reports, append };
}

const put = (space: KeySpace, key: string, value: Uint8Array): number =>
  space.stage([{ type: 'put', key: bytes(key), value }]);

describe('what is staged with a delay', () => {
  test('stays out of the writes that come by, is written once for all its changes, and is read meanwhile', async () => {
    const { store, space, reports, append } = await open({ ms: never, bytes: 1 << 20 });
    let token = 0;
    for (const value of ['1', '2', '3']) {
      token = put(space, 'a', bytes(value));
      await append();
    }
    expect(space.durableToken()).toBeLessThan(token);
    expect(text(space.get(bytes('a')))).toBe('3');
    // The sequence and the entry; with the first one the group's record.
    expect(reports.map(({ ops }) => ops)).toEqual([3, 2, 2]);
    await store.write([]);
    expect(space.durableToken()).toBe(token);
    expect(reports.at(-1)?.ops).toBe(2);
    expect(store.stagedBytes()).toBe(0);
    await store.close();
  });

  test('goes with a write once it is old enough', async () => {
    const { store, space, append } = await open({ ms: 20, bytes: 1 << 20 });
    const token = put(space, 'a', bytes('1'));
    while (space.durableToken() < token) await append();
    expect(store.stagedBytes()).toBe(0);
    await store.close();
  });

  test('goes with the next write where it passes the limit, the oldest first', async () => {
    const { store, space, append } = await open({ ms: never, bytes: 1_000 });
    const old = put(space, 'a', Buffer.alloc(600));
    await append();
    expect(space.durableToken()).toBeLessThan(old);
    const other = store.keySpace(g2);
    const young = put(other, 'b', Buffer.alloc(600));
    await append();
    expect(space.durableToken()).toBe(old);
    expect(other.durableToken()).toBeLessThan(young);
    await store.close();
  });

  test('goes with the next write where it is so much that range reads would take long', async () => {
    const { store, space, append } = await open({ ms: never, bytes: 1 << 20 });
    let token = 0;
    for (let n = 0; n < 255; n += 1) token = put(space, `k${n}`, bytes('1'));
    await append();
    expect(space.durableToken()).toBeLessThan(token);
    token = put(space, 'one more', bytes('1'));
    await append();
    expect(space.durableToken()).toBe(token);
    await store.close();
  });

  test('goes with the next write where somebody waits for it', async () => {
    const { store, space, append } = await open({ ms: never, bytes: 1 << 20 });
    const waiting = space.durable(put(space, 'a', bytes('1')));
    await append();
    await waiting;
    await store.close();
  });

  test('goes with the end of its group, so that the next life of the group finds nothing of it', async () => {
    const directory = newDirectory();
    const first = await open({ ms: never, bytes: 1 << 20 }, directory);
    await first.store.write([{ group: g1, append: [entry(1)], meta: meta(1) }]);
    put(first.space, 'a', bytes('1'));
    await first.store.write([]);
    put(first.space, 'b', bytes('2'));
    await first.store.write([{ group: g1, destroy: true }]);
    await first.store.close();
    const again = await open({ ms: never, bytes: 1 << 20 }, directory);
    expect(await again.space.rangeArray({})).toEqual([]);
    await again.store.close();
  });

  test('is gone after a crash, and the entries that it follows from are there', async () => {
    const directory = newDirectory();
    const first = await open({ ms: never, bytes: 1 << 20 }, directory);
    await first.append();
    put(first.space, 'a', bytes('1'));
    await first.append();
    await first.store.close();
    const again = await open({ ms: never, bytes: 1 << 20 }, directory);
    expect(again.space.get(bytes('a'))).toBeUndefined();
    expect(await again.store.read(g2, logIndex(1), logIndex(2), 1 << 20)).toHaveLength(2);
    await again.store.close();
  });
});
