/** Committed entries at the head of the array from which on it is made anew: not with every commit. */
const TRIM_AT = 64;

/** The sizes of a leader's own entries that are not committed, in their order: what its limits count. */
export class Uncommitted {
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  get entries(): number {
    return this.#sizes.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(bytes: number): void {
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The first `count` are committed. */
  shift(count: number): void {
    const end = Math.min(this.#head + count, this.#sizes.length);
    for (; this.#head < end; this.#head += 1) this.#bytes -= this.#sizes[this.#head] ?? 0;
    if (this.#head < TRIM_AT || this.#head * 2 < this.#sizes.length) return;
    this.#sizes = this.#sizes.slice(this.#head);
    this.#head = 0;
  }

  clear(): void {
    this.#sizes = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
