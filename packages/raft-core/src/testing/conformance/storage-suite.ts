import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { logIndex, nodeId, term } from '../../ids.js';
import type { ConformanceCase } from './conformance-case.js';
import { entries, entry, expectLog, g1, g2, meta } from './sample-log.js';
import { Session, healthy } from './storage-place.js';
import type { Check, StoragePlace } from './storage-place.js';

import { always } from './storage-cases.js';

const whereItCrashes: Record<string, Check> = {
  'a crash loses nothing that a write has resolved for': async (session) => {
    const { storage } = await session.open();
    for (let index = 1; index <= 20; index += 1) {
      await storage.write([{ group: g1, meta: meta(1), append: [entry(index, 1)] }]);
    }
    await session.crash();
    const again = await session.open();
    equal(healthy(again.found, g1).lastIndex, 20);
    await expectLog(again.storage, g1, entries(1, 20, 1));
  },

  'after a crash all of the batch in flight is there or none': async (session) => {
    const { storage } = await session.open();
    await storage.write([
      { group: g1, meta: meta(1), append: entries(1, 5, 1) },
      { group: g2, meta: meta(1), append: entries(1, 5, 1) },
    ]);
    const changed = meta(2, { hardState: { term: term(2), vote: nodeId('a'), commit: logIndex(3) } });
    const write = { truncateFrom: logIndex(3), append: entries(3, 9, 2, 5_000), meta: changed };
    storage
      .write([
        { group: g1, ...write },
        { group: g2, ...write },
      ])
      .catch(() => undefined);
    await session.crash();
    const again = await session.open();
    const first = healthy(again.found, g1);
    const second = healthy(again.found, g2);
    equal(first.lastIndex, second.lastIndex);
    deepEqual(first.meta, second.meta);
    const landed = first.lastIndex === 9;
    deepEqual(first.meta, landed ? changed : meta(1));
    const expected = landed ? [...entries(1, 2, 1), ...entries(3, 9, 2, 5_000)] : entries(1, 5, 1);
    await expectLog(again.storage, g1, expected);
    await expectLog(again.storage, g2, expected);
  },
};

const whereItFails: Record<string, Check> = {
  'the first failed write is final: later calls reject until the storage is opened anew': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 3, 1) }]);
    await session.place.failNextWrite?.(storage);
    await rejects(storage.write([{ group: g1, append: entries(4, 4, 1) }]));
    await rejects(storage.write([{ group: g1, append: entries(4, 4, 1) }]));
    await rejects(storage.write([]));
    await session.crash();
    const again = await session.open();
    const stored = healthy(again.found, g1);
    ok(stored.lastIndex === 3 || stored.lastIndex === 4, `the last index is ${stored.lastIndex}`);
    await expectLog(again.storage, g1, entries(1, stored.lastIndex, 1));
  },
};

const whereItIsDamaged: Record<string, Check> = {
  'a damaged group is reported, the others are not touched, and a reset or destroy heals it': async (
    session,
  ) => {
    const { storage } = await session.open();
    await storage.write([
      { group: g1, meta: meta(1), append: entries(1, 9, 1, 2_000) },
      { group: g2, meta: meta(1), append: entries(1, 9, 1) },
    ]);
    await session.close();
    await session.place.damage?.(g1);
    let again = await session.open();
    const found = again.found.find((stored) => stored.group === g1);
    ok(found?.status === 'damaged', 'the damage is not reported');
    ok(found.reason.length > 0, 'the damage has no reason');
    healthy(again.found, g2);
    await expectLog(again.storage, g2, entries(1, 9, 1));
    const base = meta(4, { compacted: { index: logIndex(50), term: term(3) } });
    await again.storage.write([{ group: g1, reset: true, meta: base }]);
    await again.storage.write([{ group: g1, append: entries(51, 52, 4) }]);
    again = await session.open();
    deepEqual(healthy(again.found, g1).meta, base);
    await expectLog(again.storage, g1, entries(51, 52, 4));
  },
};

/**
 * The contract of `RaftStorage` as cases for any test runner. Each case gets a place of its own.
 *
 * ```ts
 * for (const { name, run } of storageConformance(() => ({ start: () => new MyStorage(directory()) }))) {
 *   test(name, run);
 * }
 * ```
 *
 * @param createPlace An empty place to store in. What it can do beyond `start` decides which cases there are.
 */
export function storageConformance(createPlace: () => StoragePlace): readonly ConformanceCase[] {
  const able = createPlace();
  const checks = {
    ...always,
    ...(able.crash === undefined ? {} : whereItCrashes),
    ...(able.failNextWrite === undefined ? {} : whereItFails),
    ...(able.damage === undefined ? {} : whereItIsDamaged),
  };
  return Object.entries(checks).map(([name, check]) => ({ name, run: () => runIn(createPlace(), check) }));
}

async function runIn(place: StoragePlace, check: Check): Promise<void> {
  const session = new Session(place);
  try {
    await check(session);
    await session.close();
  } finally {
    await place.dispose?.();
  }
}
