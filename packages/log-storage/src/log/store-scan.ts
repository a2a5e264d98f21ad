import type { GroupId } from '@fastpaca/raft-core';
import type { Fence } from '../fence/fence-codec.js';
import { entryBounds, groupKeys, groupOf } from '../layout/keys.js';
import type { Db } from '../store/db.js';
import { scanGroup } from './group-scan.js';
import type { ScannedGroup } from './group-scan.js';

const highestGroup = 0xffff;
/** As many as libuv's pool has threads by default: each scan waits for LevelDB most of its time. */
const scansAtOnce = 4;

/** Scans every group of the store, in the order of their ids. */
export async function scanStore(store: { directory: string; db: Db; fence: Fence }): Promise<ScannedGroup[]> {
  const records = new Map<number, Uint8Array | null>();
  for (const [key, value] of await store.db.iterator(groupKeys).all()) records.set(groupOf(key), value);
  for (const group of await groupsWithoutRecord(store.db, [...records.keys()])) records.set(group, null);
  for (const group of store.fence.groups.keys()) if (!records.has(group)) records.set(group, null);
  const found: ScannedGroup[] = [];
  const queue = [...records].values();
  const work = async (): Promise<void> => {
    for (const [group, value] of queue) {
      const { directory, db, fence } = store;
      const scan = { directory, db, fence: fence.groups.get(group) };
      const scanned = await scanGroup(scan, group as GroupId, value);
      if (scanned !== null) found.push(scanned);
    }
  };
  await Promise.all(Array.from({ length: scansAtOnce }, work));
  return found.sort((a, b) => a.log.group - b.log.group);
}

/**
 * Entries whose group has no record. Looks only between the known groups: a seek into one could walk
 * over all the deletion marks that its compaction has left.
 */
async function groupsWithoutRecord(db: Db, known: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  let from = 0;
  for (const group of [...known, highestGroup + 1]) {
    while (from < group) {
      const { gte } = entryBounds(from);
      const [key] = await db.keys({ gte, lte: entryBounds(group - 1).lte, limit: 1 }).all();
      if (key === undefined) break;
      found.push(groupOf(key));
      from = groupOf(key) + 1;
    }
    from = group + 1;
  }
  return found;
}
