import type { KeySpace } from '@fastpaca/log-storage';
import {
  logIndex,
  type CommittedEntry,
  type LogIndex,
  type SnapshotSource,
  type StateMachine,
} from '@fastpaca/raft-core';

const unused = (): Promise<SnapshotSource> => Promise.reject(new Error('no replica falls behind here'));

/** Counts entries in memory: the cost of consensus, and nothing else. */
export class MemoryCounter implements StateMachine<number> {
  #applied = 0;
  #value = 0;

  open(): Promise<LogIndex> {
    return Promise.resolve(logIndex(0));
  }

  apply(entries: readonly CommittedEntry[]): number[] {
    this.#applied = entries.at(-1)?.index ?? this.#applied;
    return entries.map(() => (this.#value += 1));
  }

  durableIndex(): LogIndex {
    return logIndex(this.#applied);
  }

  snapshot = unused;

  restore(): Promise<void> {
    return Promise.resolve();
  }
}

const key = Buffer.from('count');

/** Counts entries in a key space: the count and its index go to disk with a later batch, as a real one's do. */
export class StoredCounter implements StateMachine<number> {
  readonly #space: KeySpace;
  readonly #staged: { token: number; index: LogIndex }[] = [];
  #durable = logIndex(0);
  #value = 0;

  constructor(space: KeySpace) {
    this.#space = space;
  }

  open(): Promise<LogIndex> {
    return Promise.resolve(logIndex(0));
  }

  apply(entries: readonly CommittedEntry[]): number[] {
    const results = entries.map(() => (this.#value += 1));
    const index = entries.at(-1)?.index ?? this.#durable;
    const value = Buffer.allocUnsafe(8);
    value.writeDoubleBE(this.#value);
    this.#staged.push({ token: this.#space.stage([{ type: 'put', key, value }]), index });
    return results;
  }

  durableIndex(): LogIndex {
    const token = this.#space.durableToken();
    while (this.#staged[0] !== undefined && this.#staged[0].token <= token) {
      this.#durable = this.#staged.shift()?.index ?? this.#durable;
    }
    return this.#durable;
  }

  snapshot = unused;

  restore(): Promise<void> {
    return Promise.resolve();
  }
}
