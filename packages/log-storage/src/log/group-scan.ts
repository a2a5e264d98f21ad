import type { Entry, GroupId, LogIndex, StoredGroup, Term, TermRun } from '@fastpaca/raft-core';
import type { FencedGroup } from '../fence/fence-codec.js';
import { damagedAdvice } from '../errors.js';
import { entryBounds, entryIndexOf, entryKeyBytes, groupKey } from '../layout/keys.js';
import type { Db } from '../store/db.js';
import { decodeEntry } from './entry-codec.js';
import { GroupLog } from './group-log.js';
import { decodeGroupRecord } from './group-record.js';
import type { GroupRecord } from './group-record.js';

const scanEntries = 1000;
const scanBytes = 1 << 20;

interface Scan {
  readonly directory: string;
  readonly db: Db;
  readonly fence: FencedGroup | undefined;
}

export interface ScannedGroup {
  readonly log: GroupLog;
  readonly stored: StoredGroup;
}

/**
 * Checks one group's log: the record's checksum, indexes without a hole, a checksum per entry, terms
 * that never fall, and an end not before the recorded one and the fenced one. Reads only entries
 * after the compacted prefix, so that the time does not grow with history. Null where the group was
 * destroyed. After TiKV raft-engine's ConsistencyChecker, "scans for log entry holes".
 */
export async function scanGroup(
  scan: Scan,
  group: GroupId,
  value: Uint8Array | null,
): Promise<ScannedGroup | null> {
  const record = value === null ? null : decodeGroupRecord(groupKey(group), value);
  if (record === null) {
    const what = value === null ? 'its record is missing' : 'its record does not match its checksum';
    return damagedGroup(scan, group, what);
  }
  if (record.kind === 'destroyed') return null;
  const tail = new TailScan(record);
  const damage = (await tail.run(scan.db, group)) ?? fenceDamage(scan.fence, record, tail.last);
  if (damage !== null) return damagedGroup(scan, group, damage);
  const log = GroupLog.found(group, { record, last: tail.last as LogIndex, runs: tail.runs });
  const stored: StoredGroup = {
    status: 'healthy',
    group,
    meta: record.meta,
    lastIndex: tail.last as LogIndex,
    termRuns: tail.runs,
    configEntries: tail.configEntries,
  };
  return { log, stored };
}

function damagedGroup(scan: Scan, group: GroupId, what: string): ScannedGroup {
  const reason =
    `The log of group ${group} in ${scan.directory} is damaged: ${what}. The replica neither votes nor ` +
    `acknowledges. In a cluster, remove it from the group and add it again: it comes back through a snapshot. ` +
    `On a single node: ${damagedAdvice(scan.directory)}`;
  return { log: GroupLog.damaged(group, reason), stored: { status: 'damaged', group, reason } };
}

/**
 * The tail can vanish together with what records it; the fence lies in another file. A batch after
 * the fence's may have shortened the log on purpose: then the fence says nothing.
 */
function fenceDamage(
  fence: FencedGroup | undefined,
  record: Extract<GroupRecord, { kind: 'live' }>,
  last: number,
): string | null {
  if (fence === undefined || record.shortenedAt > fence.seq) return null;
  if (record.meta.compacted.index < fence.compacted)
    return `it was compacted up to ${fence.compacted}, but its record says ${record.meta.compacted.index}`;
  if (last < fence.last) return `entries ${last + 1} to ${fence.last} were durable and are missing`;
  return null;
}

class TailScan {
  last: number;
  readonly runs: TermRun[] = [];
  readonly configEntries: Entry[] = [];
  readonly #record: Extract<GroupRecord, { kind: 'live' }>;
  #term: number;

  constructor(record: Extract<GroupRecord, { kind: 'live' }>) {
    this.#record = record;
    this.last = record.meta.compacted.index;
    this.#term = record.meta.compacted.term;
  }

  /** Resolves to what is damaged, or null. */
  async run(db: Db, group: GroupId): Promise<string | null> {
    const bounds = entryBounds(group, this.last + 1);
    const iterator = db.iterator({ ...bounds, highWaterMarkBytes: scanBytes });
    try {
      for (;;) {
        const pairs = await iterator.nextv(scanEntries);
        if (pairs.length === 0) break;
        for (const [key, value] of pairs) {
          const damage = this.#take(key, value);
          if (damage !== null) return damage;
        }
      }
    } finally {
      await iterator.close();
    }
    const { tail } = this.#record;
    return this.last < tail ? `entries ${this.last + 1} to ${tail} are missing` : null;
  }

  #take(key: Uint8Array, value: Uint8Array): string | null {
    const expected = this.last + 1;
    if (key.length !== entryKeyBytes) return `there is a key of ${key.length} bytes among its entries`;
    const index = entryIndexOf(key);
    if (index !== expected) return `entries ${expected} to ${index - 1} are missing`;
    const entry = decodeEntry(key, value);
    if (entry === null) return `entry ${index} does not match its checksum`;
    if (entry.term < this.#term)
      return `the term falls from ${this.#term} to ${entry.term} at entry ${index}`;
    if (entry.term !== this.#term || this.runs.length === 0)
      this.runs.push({ index: entry.index, term: entry.term as Term });
    this.last = index;
    this.#term = entry.term;
    if (entry.type === 'config' && index > this.#record.meta.confIndex) this.configEntries.push(entry);
    return null;
  }
}
