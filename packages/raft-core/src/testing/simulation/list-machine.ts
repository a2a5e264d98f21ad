import type { LogIndex } from '../../ids.js';

/**
 * The state machine of the simulation: a list that grows, with an idempotency key per item. What is
 * durable is a prefix of it, as with state that is staged into the same store as the log.
 */
export class ListMachine {
  #items: number[] = [];
  #positions = new Map<number, number>();
  /** `#appliedAt[i]` is the log index that added item i. */
  #appliedAt: number[] = [];
  #applied: LogIndex = 0 as LogIndex;

  get applied(): LogIndex {
    return this.#applied;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Returns the item's position, the first one where the key was seen before, and whether it is new. */
  append(index: LogIndex, item: number): { position: number; fresh: boolean } {
    this.#applied = index;
    const known = this.#positions.get(item);
    if (known !== undefined) return { position: known, fresh: false };
    this.#items.push(item);
    this.#appliedAt.push(index);
    this.#positions.set(item, this.#items.length);
    return { position: this.#items.length, fresh: true };
  }

  /** An entry that adds nothing: position 0. */
  skip(index: LogIndex): 0 {
    this.#applied = index;
    return 0;
  }

  /** The process died, and only what was applied up to `durable` is still there. */
  rollBack(durable: LogIndex): void {
    while ((this.#appliedAt.at(-1) ?? 0) > durable) {
      this.#appliedAt.pop();
      const item = this.#items.pop();
      if (item !== undefined) this.#positions.delete(item);
    }
    this.#applied = durable;
  }

  /** Applied index, then item and log index of every item: 4 bytes each. */
  encode(): Uint8Array {
    const words = new Uint32Array(1 + 2 * this.#items.length);
    words[0] = this.#applied;
    this.#items.forEach((item, at) => {
      words[1 + 2 * at] = item;
      words[2 + 2 * at] = this.#appliedAt[at] ?? 0;
    });
    return new Uint8Array(words.buffer);
  }

  /** Null where the bytes are not a whole snapshot. */
  static decode(bytes: Uint8Array): ListMachine | null {
    if (bytes.length < 4 || bytes.length % 8 !== 4) return null;
    const words = new Uint32Array(new Uint8Array(bytes).buffer);
    const machine = new ListMachine();
    for (let at = 1; at < words.length; at += 2) {
      machine.append((words[at + 1] ?? 0) as LogIndex, words[at] ?? 0);
    }
    machine.#applied = (words[0] ?? 0) as LogIndex;
    return machine;
  }

  /** Of the items, for comparison between replicas. */
  get items(): readonly number[] {
    return this.#items;
  }
}
