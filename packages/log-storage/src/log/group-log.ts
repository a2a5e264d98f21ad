import type { GroupId, GroupMeta, GroupWrite, LogIndex, TermRun } from '@fastpaca/raft-core';
import { LogStorageError } from '../errors.js';
import { maxU48 } from '../layout/bytes.js';
import { GroupRecordEncoder } from './group-record.js';
import type { GroupRecord } from './group-record.js';

/** What a write does to the entries on disk. */
export interface LogChange {
  /** Keys that go before the appended ones come, both ends included; none where `deleteFrom > deleteTo`. */
  readonly deleteFrom: number;
  readonly deleteTo: number;
  /** The group record must be written anew. */
  readonly record: boolean;
}

/** What the scan on open found in a healthy group. */
export interface FoundLog {
  readonly record: Extract<GroupRecord, { kind: 'live' }>;
  readonly last: LogIndex;
  readonly runs: readonly TermRun[];
}

/**
 * What is stored of one group's log, without the entries: enough to refuse a write that would leave
 * a hole, and to know which keys a truncation or a compaction leaves behind.
 */
export class GroupLog {
  readonly group: GroupId;
  readonly encoder = new GroupRecordEncoder();
  #meta: GroupMeta | null = null;
  #last = 0;
  #runs: TermRun[] = [];
  #entriesFrom = 1;
  #shortenedAt = 0;
  /** The group is gone: nothing follows. */
  destroyed = false;
  /** The batch that touched it last, and the lowest index that it touched. */
  touchedIn = 0;
  touchedFrom = 0;
  /** Set where the scan found damage; the lowest and highest keys are then unknown. */
  damage: string | null = null;

  constructor(group: GroupId) {
    this.group = group;
  }

  static found(group: GroupId, found: FoundLog): GroupLog {
    const log = new GroupLog(group);
    log.#meta = found.record.meta;
    log.#last = found.last;
    log.#runs = [...found.runs];
    log.#entriesFrom = found.record.entriesFrom;
    log.#shortenedAt = found.record.shortenedAt;
    return log;
  }

  static damaged(group: GroupId, reason: string): GroupLog {
    const log = new GroupLog(group);
    log.damage = reason;
    return log;
  }

  get compacted(): number {
    return this.#meta?.compacted.index ?? 0;
  }

  get last(): number {
    return this.#last;
  }

  /** Compacted entries whose keys are still there: from here up to `compacted`. */
  get entriesFrom(): number {
    return this.#entriesFrom;
  }

  get garbage(): number {
    return Math.max(0, this.compacted + 1 - this.#entriesFrom);
  }

  /** Compacted entries below `index` were put on the way out. */
  reclaimed(index: number): void {
    this.#entriesFrom = index;
  }

  record(): Extract<GroupRecord, { kind: 'live' }> {
    if (this.#meta === null) throw this.#refusal('has no meta');
    return {
      kind: 'live',
      meta: this.#meta,
      tail: this.#last as LogIndex,
      shortenedAt: this.#shortenedAt,
      entriesFrom: this.#entriesFrom,
    };
  }

  /** Throws `invalid_write` before anything is changed. */
  check(write: GroupWrite): void {
    if (write.destroy === true) return;
    if (this.damage !== null && write.reset !== true)
      throw this.#refusal('is damaged: only reset or destroy may follow');
    const meta = write.meta ?? this.#meta;
    if (meta === null) throw this.#refusal('the first write of a group carries its meta');
    if (write.reset === true && write.meta === undefined)
      throw this.#refusal('a reset carries the meta of the new base');
    const base = meta.compacted.index as number;
    const anew = write.reset === true || this.#meta === null;
    if (!anew && base < this.compacted)
      throw this.#refusal(`compaction goes back from ${this.compacted} to ${base}`);
    let last = anew ? base : this.#last;
    if (write.truncateFrom !== undefined) {
      if (anew) throw this.#refusal('there is nothing to truncate');
      if (write.truncateFrom <= this.compacted)
        throw this.#refusal(
          `truncation from ${write.truncateFrom} reaches into the prefix up to ${this.compacted}`,
        );
      last = Math.min(last, write.truncateFrom - 1);
    }
    last = this.#checkAppend(write, last, anew ? meta.compacted.term : this.#termAt(last));
    if (base > last) throw this.#refusal(`compaction to ${base} passes the last index ${last}`);
  }

  #checkAppend(write: GroupWrite, last: number, before: number): number {
    if (write.append === undefined) return last;
    for (const entry of write.append) {
      if (entry.index !== last + 1)
        throw this.#refusal(`entry ${entry.index} does not follow the last index ${last}`);
      if (entry.term < before)
        throw this.#refusal(`the term falls from ${before} to ${entry.term} at index ${entry.index}`);
      if (entry.term > maxU48 || entry.index > maxU48) throw this.#refusal('a term or index is over 2^48');
      last = entry.index;
      before = entry.term;
    }
    return last;
  }

  #termAt(index: number): number {
    for (let at = this.#runs.length - 1; at >= 0; at -= 1) {
      const run = this.#runs[at];
      if (run !== undefined && run.index <= index) return run.term;
    }
    return this.#meta?.compacted.term ?? 0;
  }

  #refusal(what: string): LogStorageError {
    return new LogStorageError(
      'invalid_write',
      `Group ${this.group}: ${what}. Nothing of the batch was written.`,
    );
  }

  /** Takes over a checked write that is not a destroy. `seq` is its batch. */
  apply(write: GroupWrite, seq: number): LogChange {
    const oldLast = this.#last;
    const oldBase = this.compacted;
    const anew = write.reset === true || this.#meta === null;
    this.#meta = write.meta ?? this.#meta;
    let deleteFrom = Number.MAX_SAFE_INTEGER;
    if (anew) {
      deleteFrom = this.#entriesFrom;
      this.#entriesFrom = this.compacted + 1;
      this.#last = this.compacted;
      this.#runs = [];
      this.damage = null;
    } else if (write.truncateFrom !== undefined && write.truncateFrom <= oldLast) {
      deleteFrom = write.truncateFrom;
      this.#last = write.truncateFrom - 1;
      while ((this.#runs.at(-1)?.index ?? 0) > this.#last) this.#runs.pop();
    }
    const shortened = deleteFrom <= oldLast || anew;
    if (shortened) this.#shortenedAt = seq;
    this.touchedIn = seq;
    this.touchedFrom = anew ? 0 : this.#last + 1;
    this.#append(write);
    if (this.compacted > oldBase) this.#trimRuns();
    return {
      // A truncated key that the batch writes anew need not be deleted first.
      deleteFrom: anew ? deleteFrom : Math.max(deleteFrom, this.#last + 1),
      deleteTo: oldLast,
      record: write.meta !== undefined || shortened,
    };
  }

  #append(write: GroupWrite): void {
    if (write.append === undefined) return;
    for (const { index, term } of write.append) {
      if (this.#runs.at(-1)?.term !== term) this.#runs.push({ index, term });
      this.#last = index;
    }
  }

  #trimRuns(): void {
    const first = (this.compacted + 1) as LogIndex;
    let drop = 0;
    while ((this.#runs[drop + 1]?.index ?? Number.MAX_SAFE_INTEGER) <= first) drop += 1;
    const [head, ...rest] = this.#runs.slice(drop);
    if (head === undefined) return;
    if (this.#last < first) this.#runs = [];
    else this.#runs = [{ index: Math.max(head.index, first) as LogIndex, term: head.term }, ...rest];
  }
}
