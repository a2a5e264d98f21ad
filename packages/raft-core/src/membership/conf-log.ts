import { assert } from '../errors.js';
import type { ConfState, Entry } from '../log/entry.js';
import type { LogIndex } from '../ids.js';
import { decodeConf } from './conf-state.js';

interface ConfAt {
  readonly index: LogIndex;
  readonly conf: ConfState;
}

/**
 * The configurations of a log. The newest one in the log is in force as soon as it is appended, not
 * when it commits (thesis 4.1), and a truncation brings back the one before. So no committed
 * configuration can be pending at an election (etcd#7280, #12133): every replica that holds the
 * entry already counts by it.
 */
export class ConfLog {
  /** The membership at the compacted index. */
  #base: ConfAt;
  #later: ConfAt[] = [];

  constructor(index: LogIndex, conf: ConfState, entries: readonly Entry[]) {
    this.#base = { index, conf };
    for (const entry of entries) this.append(entry);
  }

  get base(): ConfAt {
    return this.#base;
  }

  get current(): ConfState {
    return (this.#later.at(-1) ?? this.#base).conf;
  }

  /** The one before it; the same where that is compacted. */
  get previous(): ConfState {
    return (this.#later.at(-2) ?? this.#base).conf;
  }

  /** Where the configuration in force stands in the log. */
  get index(): LogIndex {
    return (this.#later.at(-1) ?? this.#base).index;
  }

  /**
   * Whether the membership is known from the compacted index on: not on a replica that joins, until a snapshot
   * says it. Whoever does not know it cannot make a snapshot for others.
   */
  get known(): boolean {
    return this.#base.conf.voters.length > 0;
  }

  append(entry: Entry): void {
    assert(entry.index > this.index, 'configurations follow each other');
    this.#later.push({ index: entry.index, conf: decodeConf(entry.data) });
  }

  /** True where the configuration in force changed. */
  truncate(from: LogIndex): boolean {
    const before = this.#later.length;
    this.#later = this.#later.filter(({ index }) => index < from);
    return this.#later.length < before;
  }

  /** The configuration that was in force at `index`, at or after the compacted one. */
  at(index: LogIndex): ConfState {
    let conf = this.#base.conf;
    for (const later of this.#later) {
      if (later.index <= index) conf = later.conf;
    }
    return conf;
  }

  compact(index: LogIndex): void {
    this.restartAt(index, this.at(index));
  }

  /** A snapshot takes the place of the entries up to `index`; what follows stays. */
  restartAt(index: LogIndex, conf: ConfState): void {
    this.#later = this.#later.filter((later) => later.index > index);
    this.#base = { index, conf };
  }

  /** A snapshot replaces every configuration, also one that is not committed yet (openraft#1808). */
  reset(index: LogIndex, conf: ConfState): void {
    this.#base = { index, conf };
    this.#later = [];
  }
}
