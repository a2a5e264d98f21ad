import { NO_RANK, hashByte, type Vocabulary } from './vocabulary.js';

/** Bits of a position in a key: ranks take up to 18, and a key must stay a small integer (31 bits). */
const POSITION_BITS = 10;
const NO_KEY = NO_RANK;

/** The lesser of two keys, without a branch: which one it is cannot be predicted, and a wrong guess costs most. */
function lesser(left: number, right: number): number {
  const difference = (left - right) | 0;
  return (right + (difference & (difference >> 31))) | 0;
}

/**
 * Byte pair encoding of a byte range: merges the adjacent pair of lowest rank, leftmost first, until no pair is
 * a token. O(n log n): the ranks of all pairs are the leaves of a tournament tree of minima.
 *
 * One object keeps its scratch arrays for good: nothing is allocated per call.
 */
export class Merger {
  /** After `merge`, the token starts relative to the range, then its length: `starts[0..count]`. */
  readonly starts: Int32Array;
  readonly maxBytes: number;
  readonly #vocabulary: Vocabulary;
  readonly #bytes: Uint8Array;
  readonly #prefix: Int32Array;
  /** Start of the token after, and before, the one that starts at a byte. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /**
   * `tree[leaves + i]`: key of the token that starts at byte `i` joined with the next; above, the minima. A key
   * is the pair's rank, then `i`: the root names the lowest rank and its leftmost place.
   */
  readonly #tree: Int32Array;
  #leaves = 1;
  #length = 0;
  #count = 0;

  /** `maxBytes`: the longest range it will be given, at most 1,024. */
  constructor(vocabulary: Vocabulary, maxBytes: number) {
    if (maxBytes > 1 << POSITION_BITS)
      throw new RangeError(`At most ${1 << POSITION_BITS} bytes, not ${maxBytes}.`);
    this.#vocabulary = vocabulary;
    this.maxBytes = maxBytes;
    this.starts = new Int32Array(maxBytes + 1);
    this.#bytes = new Uint8Array(maxBytes);
    this.#prefix = new Int32Array(maxBytes + 1);
    this.#next = new Int32Array(maxBytes + 1);
    this.#previous = new Int32Array(maxBytes + 1);
    this.#tree = new Int32Array(4 * maxBytes);
  }

  /** How many tokens `source[start, end)` makes. */
  merge(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // A long run of one character gives the same window over and over.
    if (length === this.#length && this.#sameAsLast(source, start)) return this.#count;
    this.#load(source, start, length);
    this.#mergeAll();
    this.#count = this.#collect(length);
    return this.#count;
  }

  #sameAsLast(source: Uint8Array, start: number): boolean {
    for (let i = 0; i < this.#length; i += 1) {
      if (this.#bytes[i] !== source[start + i]) return false;
    }
    return true;
  }

  #load(source: Uint8Array, start: number, length: number): void {
    const bytes = this.#bytes;
    const prefix = this.#prefix;
    let hash = 0;
    for (let i = 0; i < length; i += 1) {
      const byte = source[start + i] as number;
      bytes[i] = byte;
      hash = hashByte(hash, byte);
      prefix[i + 1] = hash;
      this.#next[i] = i + 1;
      this.#previous[i] = i - 1;
    }
    this.#length = length;
    let leaves = 1;
    while (leaves < length) leaves *= 2;
    this.#leaves = leaves;
    const tree = this.#tree;
    for (let i = 0; i < leaves; i += 1) tree[leaves + i] = i < length - 1 ? this.#key(i, i + 2) : NO_KEY;
    for (let node = leaves - 1; node > 0; node -= 1) {
      const left = tree[2 * node] as number;
      const right = tree[2 * node + 1] as number;
      tree[node] = lesser(left, right);
    }
  }

  /** Key of the pair of tokens that spans `[from, to)`. */
  #key(from: number, to: number): number {
    const rank = this.#vocabulary.rankOfRange(this.#bytes, this.#prefix, from, to);
    return rank === NO_RANK ? NO_KEY : (rank << POSITION_BITS) | from;
  }

  #mergeAll(): void {
    const tree = this.#tree;
    const next = this.#next;
    const previous = this.#previous;
    const length = this.#length;
    for (let key = tree[1] as number; key !== NO_KEY; key = tree[1] as number) {
      const at = key & ((1 << POSITION_BITS) - 1);
      const absorbed = next[at] as number;
      const after = next[absorbed] as number;
      next[at] = after;
      if (after < length) previous[after] = at;
      this.#setKey(absorbed, NO_KEY);
      this.#setKey(at, after < length ? this.#key(at, next[after] as number) : NO_KEY);
      const before = previous[at] as number;
      if (before >= 0) this.#setKey(before, this.#key(before, after));
    }
  }

  #setKey(at: number, key: number): void {
    const tree = this.#tree;
    let node = this.#leaves + at;
    tree[node] = key;
    for (node >>= 1; node > 0; node >>= 1) {
      const left = tree[2 * node] as number;
      const right = tree[2 * node + 1] as number;
      const lower = lesser(left, right);
      if (tree[node] === lower) return;
      tree[node] = lower;
    }
  }

  #collect(length: number): number {
    let count = 0;
    for (let at = 0; at < length; at = this.#next[at] as number) {
      this.starts[count] = at;
      count += 1;
    }
    this.starts[count] = length;
    return count;
  }
}
