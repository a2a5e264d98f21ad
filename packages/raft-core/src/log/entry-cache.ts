import { assert } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import { Ring } from '../ring.js';
import type { Entry } from './entry.js';

/** What an entry costs beside its data. */
const ENTRY_OVERHEAD_BYTES = 96;

/** The newest entries of a log, contiguous up to its end. */
export class EntryCache {
  readonly #entries = new Ring<Entry>();
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
    return logIndex(this.#end - this.#entries.length + 1);
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
    const start = from - first;
    const limit = Math.min(to - first + 1, this.#entries.length);
    if (maxBytes === Infinity) return this.#entries.slice(start, limit);
    let bytes = 0;
    let end = start;
    while (end < limit) {
      bytes += this.#entries.at(end)?.data.length ?? 0;
      if (bytes > maxBytes && end > start) break;
      end += 1;
    }
    return this.#entries.slice(start, end);
  }

  truncate(from: LogIndex): void {
    while (this.#end >= from && this.#entries.length > 0) {
      const entry = this.#entries.pop();
      this.#bytes -= (entry?.data.length ?? 0) + ENTRY_OVERHEAD_BYTES;
      this.#end = logIndex(this.#end - 1);
    }
    if (this.#end >= from) this.reset(logIndex(from - 1));
  }

  /** Gives up entries up to `index`, the oldest first, while more than `maxBytes` are held. */
  evict(index: LogIndex, maxBytes: number): void {
    while (this.#bytes > maxBytes && this.first <= index) this.#dropFirst();
  }

  dropUpTo(index: LogIndex): void {
    while (this.#entries.length > 0 && this.first <= index) this.#dropFirst();
  }

  reset(end: LogIndex): void {
    this.#entries.clear();
    this.#end = end;
    this.#bytes = 0;
  }

  #dropFirst(): void {
    this.#bytes -= (this.#entries.shift()?.data.length ?? 0) + ENTRY_OVERHEAD_BYTES;
  }
}
