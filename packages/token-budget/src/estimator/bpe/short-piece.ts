import { NO_RANK, hashByte, type Vocabulary } from './vocabulary.js';

/** Up to here a scan for the lowest rank is faster than the tree of `Merger`. */
export const SHORT_BYTES = 16;

/** Byte pair encoding as `Merger` does it, of the few bytes of a short piece. */
export class ShortMerger {
  readonly #vocabulary: Vocabulary;
  readonly #prefix = new Int32Array(SHORT_BYTES + 1);
  readonly #starts = new Int32Array(SHORT_BYTES + 1);
  readonly #ranks = new Int32Array(SHORT_BYTES + 1);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** How many tokens the first `length` bytes make, 1 to `SHORT_BYTES`. */
  merge(bytes: Uint8Array, length: number): number {
    const starts = this.#starts;
    const ranks = this.#ranks;
    const prefix = this.#prefix;
    let hash = 0;
    for (let i = 0; i < length; i += 1) {
      hash = hashByte(hash, bytes[i] as number);
      prefix[i + 1] = hash;
      starts[i] = i;
    }
    starts[length] = length;
    for (let i = 0; i + 1 < length; i += 1) ranks[i] = this.#pairRank(bytes, i);
    let count = length;
    while (count > 1) {
      const at = this.#lowest(count - 1);
      if (at === -1) break;
      for (let i = at + 1; i < count; i += 1) {
        starts[i] = starts[i + 1] as number;
        ranks[i] = ranks[i + 1] as number;
      }
      count -= 1;
      if (at + 1 < count) ranks[at] = this.#pairRank(bytes, at);
      if (at > 0) ranks[at - 1] = this.#pairRank(bytes, at - 1);
    }
    return count;
  }

  #pairRank(bytes: Uint8Array, i: number): number {
    const starts = this.#starts;
    return this.#vocabulary.rankOfRange(bytes, this.#prefix, starts[i] as number, starts[i + 2] as number);
  }

  #lowest(pairs: number): number {
    let best = NO_RANK;
    let at = -1;
    for (let i = 0; i < pairs; i += 1) {
      const rank = this.#ranks[i] as number;
      if (rank < best) {
        best = rank;
        at = i;
      }
    }
    return at;
  }
}
