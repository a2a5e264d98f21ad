import { assert } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import type { Entry } from './entry.js';

/** What an entry costs beside its data. */
const ENTRY_OVERHEAD_BYTES = 96;

/** The newest entries of a log, contiguous up to its end. */
export class EntryCache {
  #entries: Entry[] = [];
  #head = 0;
  #end: LogIndex;
  #bytes = 0;

  /** `end` is the last index of the log; nothing up to there is in memory. */
  constructor(end: LogIndex) {
    this.#end = end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The first index held; one past the end of the log where nothing is. */
  get first(): LogIndex {
    return logIndex(this.#end - (this.#entries.length - this.#head) + 1);
  }

  push(entry: Entry): void {
    assert(entry.index === this.#end + 1, 'the cache is contiguous');
    this.#entries.push(entry);
    this.#end = entry.index;
    this.#bytes += entry.data.length + ENTRY_OVERHEAD_BYTES;
  }

  /**
   * Entries `from` to `to`, cut off before the one that passes `maxBytes` but at least one; null where
   * `from` is no longer held.
   */
  slice(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] | null {
    if (from > to) return [];
    const first = this.first;
    if (from < first) return null;
    const start = this.#head + (from - first);
    const limit = Math.min(this.#head + (to - first) + 1, this.#entries.length);
    if (maxBytes === Infinity) return this.#entries.slice(start, limit);
    let bytes = 0;
    let end = start;
    while (end < limit) {
      bytes += this.#entries[end]?.data.length ?? 0;
      if (bytes > maxBytes && end > start) break;
      end += 1;
    }
    return this.#entries.slice(start, end);
  }

  truncate(from: LogIndex): void {
    while (this.#end >= from && this.#entries.length > this.#head) {
      const entry = this.#entries.pop();
      this.#bytes -= (entry?.data.length ?? 0) + ENTRY_OVERHEAD_BYTES;
      this.#end = logIndex(this.#end - 1);
    }
    if (this.#end >= from) this.reset(logIndex(from - 1));
  }

  /** Gives up entries up to `index`, the oldest first, while more than `maxBytes` are held. */
  evict(index: LogIndex, maxBytes: number): void {
    if (this.#bytes <= maxBytes) return;
    let first = this.first;
    while (this.#bytes > maxBytes && first <= index && this.#head < this.#entries.length) {
      this.#bytes -= (this.#entries[this.#head]?.data.length ?? 0) + ENTRY_OVERHEAD_BYTES;
      this.#head += 1;
      first = logIndex(first + 1);
    }
    if (this.#head > 64 && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  dropUpTo(index: LogIndex): void {
    while (this.first <= index && this.#head < this.#entries.length) {
      this.#bytes -= (this.#entries[this.#head]?.data.length ?? 0) + ENTRY_OVERHEAD_BYTES;
      this.#head += 1;
    }
  }

  reset(end: LogIndex): void {
    this.#entries = [];
    this.#head = 0;
    this.#end = end;
    this.#bytes = 0;
  }
}
