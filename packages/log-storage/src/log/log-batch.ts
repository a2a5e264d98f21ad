import type { Entry, GroupWrite } from '@fastpaca/raft-core';
import { entryKeyBytes, groupKey, putEntryKey } from '../layout/keys.js';
import type { DbBatch } from '../store/db.js';
import { encodedBytes, encodeEntry } from './entry-codec.js';
import type { GroupLog } from './group-log.js';
import { encodeDestroyed } from './group-record.js';

/**
 * Puts the groups' shares of a batch into it; all entries are encoded into one allocation. A batch of LevelDB copies
 * what it is given at once, so one key serves for all of them.
 */
export class LogBatch {
  readonly #batch: DbBatch;
  readonly #slab: Buffer;
  readonly #key = Buffer.allocUnsafe(entryKeyBytes);
  #at = 0;
  ops = 0;
  appended = 0;

  constructor(batch: DbBatch, writes: readonly GroupWrite[]) {
    this.#batch = batch;
    let bytes = 0;
    for (const { append } of writes) {
      if (append !== undefined) for (const entry of append) bytes += encodedBytes(entry);
    }
    this.#slab = Buffer.allocUnsafe(bytes);
  }

  /** Bytes of the entries added so far. */
  get bytes(): number {
    return this.#at;
  }

  /** Adds a checked write and takes it over into `log`. */
  add(log: GroupLog, write: GroupWrite, seq: number): void {
    if (write.destroy === true) {
      this.#delete(log.group, log.entriesFrom, log.last);
      const key = groupKey(log.group);
      this.#batch.put(key, encodeDestroyed(key));
      this.ops += 1;
      log.destroyed = true;
      return;
    }
    const change = log.apply(write, seq);
    this.#delete(log.group, change.deleteFrom, change.deleteTo);
    if (write.append !== undefined) for (const entry of write.append) this.#put(log.group, entry);
    if (change.record) {
      const key = groupKey(log.group);
      this.#batch.put(key, log.encoder.encode(key, log.record()));
      this.ops += 1;
    }
  }

  #put(group: number, entry: Entry): void {
    const from = this.#at;
    this.#at = encodeEntry(this.#slab, from, group, entry);
    putEntryKey(this.#key, 0, group, entry.index);
    this.#batch.put(this.#key, this.#slab.subarray(from + entryKeyBytes, this.#at));
    this.ops += 1;
    this.appended += 1;
  }

  #delete(group: number, from: number, to: number): void {
    for (let index = from; index <= to; index += 1) {
      putEntryKey(this.#key, 0, group, index);
      this.#batch.del(this.#key);
      this.ops += 1;
    }
  }
}
