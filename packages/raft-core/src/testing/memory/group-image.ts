import type { GroupId, LogIndex, Term } from '../../ids.js';
import type { Entry, TermRun } from '../../log/entry.js';
import type { GroupMeta, GroupWrite, StoredGroup } from '../../storage/storage.js';

/** The caller broke the contract of `RaftStorage`: a defect in the host or the group, never in the disk. */
export class StorageContractError extends Error {
  readonly code = 'storage_contract';
  constructor(group: GroupId, message: string) {
    super(`Group ${group}: ${message}`);
    this.name = 'StorageContractError';
  }
}

/**
 * What a disk holds of one group. Applies a `GroupWrite` whole, and refuses one that would leave the
 * log with a hole, a decreasing term or a base beyond its end.
 */
export class GroupImage {
  readonly group: GroupId;
  #meta: GroupMeta | null = null;
  /** `#entries[0]` has index `#base + 1`. */
  #entries: Entry[] = [];
  #base: LogIndex = 0 as LogIndex;
  /** Of the last entry, or 0 where none is held. */
  #lastTerm = 0;
  #damage: string | null = null;

  constructor(group: GroupId) {
    this.group = group;
  }

  get meta(): GroupMeta | null {
    return this.#meta;
  }

  get compactedIndex(): LogIndex {
    return this.#base;
  }

  get lastIndex(): LogIndex {
    return (this.#base + this.#entries.length) as LogIndex;
  }

  get damaged(): boolean {
    return this.#damage !== null;
  }

  entry(index: number): Entry | undefined {
    return this.#entries[index - this.#base - 1];
  }

  damage(reason: string): void {
    this.#damage = reason;
  }

  /** Throws before anything is changed, so that a batch may be checked whole and then applied whole. */
  check(write: GroupWrite): void {
    if (write.destroy === true) return;
    if (this.#damage !== null && write.reset !== true)
      this.#refuse('is damaged: only reset or destroy may follow');
    const meta = write.meta ?? this.#meta;
    if (meta === null) this.#refuse('the first write of a group carries its meta');
    let last = this.lastIndex as number;
    if (write.reset === true) {
      if (write.meta === undefined) this.#refuse('a reset carries the meta of the new base');
      if (write.truncateFrom !== undefined) this.#refuse('a reset leaves nothing to truncate');
      last = write.meta.compacted.index;
    } else if (this.#meta !== null && meta.compacted.index < this.#base) {
      this.#refuse(`compaction goes back from ${this.#base} to ${meta.compacted.index}`);
    } else if (this.#meta === null) {
      last = meta.compacted.index;
    }
    last = this.#checkTruncate(write, last);
    last = this.#checkAppend(write, meta, last);
    if (meta.compacted.index > last)
      this.#refuse(`compaction to ${meta.compacted.index} passes the last index ${last}`);
    if (meta.hardState.commit > last)
      this.#refuse(`commit ${meta.hardState.commit} passes the last index ${last}`);
  }

  #checkTruncate(write: GroupWrite, last: number): number {
    if (write.truncateFrom === undefined) return last;
    if (write.truncateFrom <= this.#base) {
      this.#refuse(`truncation from ${write.truncateFrom} reaches into the compacted prefix ${this.#base}`);
    }
    return Math.min(last, write.truncateFrom - 1);
  }

  #checkAppend(write: GroupWrite, meta: GroupMeta, last: number): number {
    if (write.append === undefined || write.append.length === 0) return last;
    let previous = this.#termBefore(write, meta, last);
    for (const entry of write.append) {
      if (entry.index !== last + 1)
        this.#refuse(`entry ${entry.index} does not follow the last index ${last}`);
      if (entry.term < previous)
        this.#refuse(`the term falls from ${previous} to ${entry.term} at ${entry.index}`);
      last = entry.index;
      previous = entry.term;
    }
    if (previous > meta.hardState.term) {
      this.#refuse(`an entry of term ${previous} is ahead of the hard state's term ${meta.hardState.term}`);
    }
    return last;
  }

  /** Of the entry that an append follows. */
  #termBefore(write: GroupWrite, meta: GroupMeta, last: number): number {
    if (write.reset === true || this.#meta === null) return meta.compacted.term;
    const term = last === this.lastIndex ? this.#lastTerm : this.entry(last)?.term;
    return term === undefined || term === 0 ? this.#meta.compacted.term : term;
  }

  #refuse(message: string): never {
    throw new StorageContractError(this.group, message);
  }

  /** Applies a write that `check` has let pass. A destroyed group's image is dropped by its owner. */
  apply(write: GroupWrite): void {
    if (write.reset === true || this.#meta === null) {
      this.#entries = [];
      this.#base = write.meta?.compacted.index ?? this.#base;
      this.#damage = null;
    }
    if (write.truncateFrom !== undefined)
      this.#entries.length = Math.min(this.#entries.length, write.truncateFrom - this.#base - 1);
    if (write.append !== undefined) for (const entry of write.append) this.#entries.push(entry);
    this.#noteLastTerm(write);
    if (write.meta !== undefined) {
      this.#meta = write.meta;
      const drop = write.meta.compacted.index - this.#base;
      if (drop > 0) {
        this.#entries.splice(0, drop);
        this.#base = write.meta.compacted.index;
      }
    }
  }

  /** Most writes append: only others look at what is held. */
  #noteLastTerm({ append }: GroupWrite): void {
    const last = append?.at(-1) ?? this.#entries.at(-1);
    this.#lastTerm = last?.term ?? 0;
  }

  stored(): StoredGroup | null {
    if (this.#damage !== null) return { status: 'damaged', group: this.group, reason: this.#damage };
    const meta = this.#meta;
    if (meta === null) return null;
    return {
      status: 'healthy',
      group: this.group,
      meta,
      lastIndex: this.lastIndex,
      termRuns: this.#termRuns(),
      configEntries: this.#entries.filter((entry) => entry.type === 'config' && entry.index > meta.confIndex),
    };
  }

  #termRuns(): TermRun[] {
    const runs: TermRun[] = [];
    let term: Term | null = null;
    for (const entry of this.#entries) {
      if (entry.term === term) continue;
      term = entry.term;
      runs.push({ index: entry.index, term });
    }
    return runs;
  }

  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    if (from <= this.#base)
      throw new RangeError(
        `Group ${this.group}: entry ${from} is compacted, the log starts after ${this.#base}.`,
      );
    if (to > this.lastIndex)
      throw new RangeError(`Group ${this.group}: entry ${to} is past the last index ${this.lastIndex}.`);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let at = from - this.#base - 1; at < to - this.#base; at += 1) {
      const entry = this.#entries[at];
      if (entry === undefined) break;
      bytes += entry.data.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
    }
    return entries;
  }
}
