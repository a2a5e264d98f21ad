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

function encodeCount(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** Counts entries in a key space: the count and its index go to disk with a later batch, as a real one's do. */
export class StoredCounter implements StateMachine<number> {
  readonly #space: KeySpace;
  readonly #staged: { readonly token: number; index: LogIndex }[] = [];
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
    const value = this.#value;
    const token = this.#space.stage([{ type: 'putLate', key, bytes: 8, encode: () => encodeCount(value) }]);
    const last = this.#staged.at(-1);
    // What goes with the same write is durable together.
    if (last?.token === token) last.index = index;
    else this.#staged.push({ token, index });
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
