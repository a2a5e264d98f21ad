import type { GroupWrite } from '@fastpaca/raft-core';
import { entryKey, entryKeyBytes, groupKey } from '../layout/keys.js';
import type { DbBatch } from '../store/db.js';
import { encodedBytes, encodeEntry } from './entry-codec.js';
import type { GroupLog } from './group-log.js';
import { encodeDestroyed } from './group-record.js';

/** Puts the groups' shares of a batch into it; all entries are encoded into one allocation. */
export class LogBatch {
  readonly #batch: DbBatch;
  readonly #slab: Buffer;
  #at = 0;
  ops = 0;
  appended = 0;

  constructor(batch: DbBatch, writes: readonly GroupWrite[]) {
    this.#batch = batch;
    let bytes = 0;
    for (const write of writes) for (const entry of write.append ?? []) bytes += encodedBytes(entry);
    this.#slab = Buffer.allocUnsafe(bytes);
  }

  /** Bytes of the entries added so far. */
  get bytes(): number {
    return this.#at;
  }

  /** Adds a checked write and takes it over into `log`. Returns the lowest index that it touches. */
  add(log: GroupLog, write: GroupWrite, seq: number): number {
    if (write.destroy === true) {
      this.#delete(log.group, log.entriesFrom, log.last);
      const key = groupKey(log.group);
      this.#batch.put(key, encodeDestroyed(key));
      this.ops += 1;
      return 0;
    }
    const change = log.apply(write, seq);
    this.#delete(log.group, change.deleteFrom, change.deleteTo);
    for (const entry of write.append ?? []) {
      const from = this.#at;
      this.#at = encodeEntry(this.#slab, from, log.group, entry);
      const body = from + entryKeyBytes;
      this.#batch.put(this.#slab.subarray(from, body), this.#slab.subarray(body, this.#at));
      this.ops += 1;
      this.appended += 1;
    }
    if (change.record) {
      const key = groupKey(log.group);
      this.#batch.put(key, log.encoder.encode(key, log.record()));
      this.ops += 1;
    }
    return change.touchedFrom;
  }

  #delete(group: number, from: number, to: number): void {
    for (let index = from; index <= to; index += 1) {
      this.#batch.del(entryKey(group, index));
      this.ops += 1;
    }
  }
}
