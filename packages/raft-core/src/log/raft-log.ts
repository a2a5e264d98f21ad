import { assert } from '../errors.js';
import { logIndex, term as toTerm } from '../ids.js';
import type { LogIndex, Term } from '../ids.js';
import { EntryCache } from './entry-cache.js';
import type { Entry, TermRun } from './entry.js';

export interface LogStart {
  readonly compacted: { readonly index: LogIndex; readonly term: Term };
  readonly lastIndex: LogIndex;
  readonly termRuns: readonly TermRun[];
  readonly commit: LogIndex;
  readonly applied: LogIndex;
}

interface WriteInFlight {
  readonly seq: number;
  index: LogIndex;
}

const nothing: readonly never[] = Object.freeze([]);

/**
 * A group's log: terms of all entries as runs, the newest entries themselves, and how far it is
 * handed to storage, durable, committed and applied.
 *
 *     compacted < … ≤ applied ≤ applying ≤ commit ≤ last
 *     stable ≤ handed ≤ last
 */
export class RaftLog {
  compacted: { readonly index: LogIndex; readonly term: Term };
  lastIndex: LogIndex;
  /** Handed to storage up to here, perhaps not durable. */
  handed: LogIndex;
  /** Durable up to here. */
  stable: LogIndex;
  commit: LogIndex;
  /** Handed out to be applied up to here. */
  applying: LogIndex;
  applied: LogIndex;
  readonly cache: EntryCache;
  #runs: TermRun[];
  /** Where the last of the runs begins, beyond every index where there is none, and its term or the compacted one. */
  #tailFrom = Infinity;
  #tailTerm: Term;
  #truncateFrom: LogIndex | null = null;
  #inFlight: readonly WriteInFlight[] = nothing;

  constructor(start: LogStart) {
    this.compacted = start.compacted;
    this.lastIndex = start.lastIndex;
    this.handed = start.lastIndex;
    this.stable = start.lastIndex;
    this.commit = start.commit;
    this.applying = start.applied;
    this.applied = start.applied;
    this.#runs = [...start.termRuns];
    this.#tailTerm = start.compacted.term;
    this.#noteTail();
    this.cache = new EntryCache(start.lastIndex);
  }

  get lastTerm(): Term {
    return this.#tailTerm;
  }

  /** The term of the entry at `index`, or null where it is compacted away or not there yet. */
  termAt(index: LogIndex): Term | null {
    // What is asked for nearly always, without a look at the runs.
    if (index >= this.#tailFrom && index <= this.lastIndex) return this.#tailTerm;
    if (index > this.lastIndex || index < this.compacted.index) return null;
    if (index === this.compacted.index) return this.compacted.term;
    const run = this.#runs[this.#runAt(index)];
    assert(run !== undefined, 'an entry that is held has a term');
    return run.term;
  }

  matches(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Section 5.4.1: a later last term wins, then the longer log. */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /**
   * The largest index up to `index` whose term is at most `term`: the last place where two logs can
   * agree. One step skips a whole term (section 5.3), on either side of the conversation.
   */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): { index: LogIndex; term: Term } {
    let at = logIndex(Math.min(index, this.lastIndex));
    for (let run = this.#runAt(at); run >= 0; run -= 1) {
      const found = this.#runs[run];
      if (found === undefined || at <= this.compacted.index) break;
      if (found.term <= term) return { index: at, term: found.term };
      at = logIndex(found.index - 1);
    }
    return this.compacted.term <= term ? this.compacted : { index: logIndex(0), term: toTerm(0) };
  }

  /** Adds entries that follow the log. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.push(entry);
  }

  /** Adds the entry that follows the log. */
  push(entry: Entry): void {
    const { lastTerm } = this;
    assert(entry.index === this.lastIndex + 1, 'entries follow the log without a gap');
    assert(entry.term >= lastTerm, 'terms never decrease along the log');
    if (entry.term > lastTerm || this.#runs.length === 0) {
      this.#runs.push({ index: entry.index, term: entry.term });
      this.#noteTail();
    }
    this.lastIndex = entry.index;
    this.cache.push(entry);
  }

  /** Removes the entries from `index` on. Committed ones are never removed. */
  truncate(index: LogIndex): void {
    assert(index > this.commit, 'a committed entry is never removed');
    if (index > this.lastIndex) return;
    const last = logIndex(index - 1);
    this.lastIndex = last;
    while ((this.#runs.at(-1)?.index ?? 0) >= index) this.#runs.pop();
    this.#noteTail();
    this.cache.truncate(index);
    if (index <= this.handed) {
      this.#truncateFrom = logIndex(Math.min(this.#truncateFrom ?? index, index));
      this.handed = last;
      this.stable = logIndex(Math.min(this.stable, last));
    }
    // ABA: entry A is being written, is replaced by B, and A comes back from a later leader. The
    // completion of the first write of A must not make the third one stable: what it wrote is about
    // to be truncated on disk. So a write in flight vouches only for what was never cut off since.
    for (const write of this.#inFlight) write.index = logIndex(Math.min(write.index, last));
  }

  hasUnhanded(): boolean {
    return this.handed < this.lastIndex || this.#truncateFrom !== null;
  }

  /** Takes what storage has not been given yet, perhaps nothing after a reset. `seq` names the write. */
  takeUnhanded(seq: number): { append: readonly Entry[]; truncateFrom: LogIndex | null } {
    const append = this.cache.slice(logIndex(this.handed + 1), this.lastIndex, Infinity);
    assert(append !== null, 'what is not handed to storage is in memory');
    const truncateFrom = this.#truncateFrom;
    this.#truncateFrom = null;
    this.handed = this.lastIndex;
    const write: WriteInFlight = { seq, index: this.lastIndex };
    // A host has one in flight. A literal takes the room of one, and the first `push` that of seventeen.
    this.#inFlight = this.#inFlight.length === 0 ? [write] : [...this.#inFlight, write];
    return { append, truncateFrom };
  }

  /** Writes up to `seq` are durable. */
  persisted(seq: number): void {
    let done = 0;
    for (const write of this.#inFlight) {
      if (write.seq > seq) break;
      this.stable = logIndex(Math.max(this.stable, write.index));
      done += 1;
    }
    if (done > 0) this.#inFlight = done === this.#inFlight.length ? nothing : this.#inFlight.slice(done);
  }

  commitTo(index: LogIndex): boolean {
    if (index <= this.commit) return false;
    assert(index <= this.lastIndex, 'what is committed is in the log');
    this.commit = index;
    return true;
  }

  /** Committed entries that may be applied: durable here too, so that no state runs ahead of its log. */
  get applicable(): LogIndex {
    return logIndex(Math.min(this.commit, this.stable));
  }

  compact(index: LogIndex): void {
    const term = this.termAt(index);
    assert(term !== null && index <= this.applied, 'only applied entries are compacted');
    this.compacted = { index, term };
    while ((this.#runs[1]?.index ?? Infinity) <= index + 1) this.#runs.shift();
    const first = this.#runs[0];
    if (first !== undefined && first.index <= index) {
      if (index === this.lastIndex) this.#runs = [];
      else this.#runs[0] = { index: logIndex(index + 1), term: first.term };
    }
    this.#noteTail();
    this.cache.dropUpTo(index);
  }

  /** The state machine starts over at an entry that is held; what follows will be applied again. */
  restartAt(index: LogIndex): void {
    this.applying = index;
    this.applied = index;
    this.commit = logIndex(Math.max(this.commit, index));
    if (index > this.compacted.index) this.compact(index);
  }

  /** The log becomes a snapshot's position. */
  reset(position: { readonly index: LogIndex; readonly term: Term }): void {
    this.compacted = position;
    this.lastIndex = position.index;
    this.handed = position.index;
    this.commit = position.index;
    this.applying = position.index;
    this.applied = position.index;
    this.stable = logIndex(0);
    this.#runs = [];
    this.#noteTail();
    this.#truncateFrom = null;
    this.cache.reset(position.index);
    for (const write of this.#inFlight) write.index = logIndex(0);
  }

  /** The runs or the compacted prefix have changed. */
  #noteTail(): void {
    const last = this.#runs.at(-1);
    this.#tailFrom = last?.index ?? Infinity;
    this.#tailTerm = last?.term ?? this.compacted.term;
  }

  #runAt(index: LogIndex): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.index ?? Infinity) <= index) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }
}
