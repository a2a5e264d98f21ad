import type { Entry } from '@fastpaca/raft-core';
import { entryIndexOf, entryKey } from '../layout/keys.js';
import type { Db } from '../store/db.js';
import { decodeEntry } from './entry-codec.js';

const readBytes = 1 << 20;
const readEntriesAtOnce = 256;

/**
 * Reads entries that are known to be there, both ends included, at least one, and more only while
 * their data stays within `maxBytes`. Throws where one is missing or damaged.
 */
export async function readEntries(
  db: Db,
  group: number,
  from: number,
  to: number,
  maxBytes: number,
): Promise<Entry[]> {
  const iterator = db.iterator({
    gte: entryKey(group, from),
    lte: entryKey(group, to),
    highWaterMarkBytes: Math.min(readBytes, Math.max(maxBytes, 4096)),
    fillCache: true,
  });
  const entries: Entry[] = [];
  let bytes = 0;
  try {
    for (let expected = from; expected <= to;) {
      const pairs = await iterator.nextv(Math.min(readEntriesAtOnce, to - expected + 1));
      if (pairs.length === 0) throw new Error(`Group ${group}: entry ${expected} is missing.`);
      for (const [key, value] of pairs) {
        const index = entryIndexOf(key);
        if (index !== expected)
          throw new Error(`Group ${group}: entries ${expected} to ${index - 1} are missing.`);
        const entry = decodeEntry(key, value);
        if (entry === null) throw new Error(`Group ${group}: entry ${index} does not match its checksum.`);
        bytes += entry.data.length;
        if (entries.length > 0 && bytes > maxBytes) return entries;
        entries.push(entry);
        expected += 1;
      }
    }
    return entries;
  } finally {
    await iterator.close();
  }
}
