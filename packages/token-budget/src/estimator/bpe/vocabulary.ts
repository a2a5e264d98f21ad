import { createRequire } from 'node:module';

/** The encodings of OpenAI's tiktoken. */
export const ENCODINGS = [
  'o200k_base',
  'cl100k_base',
  'p50k_base',
  'p50k_edit',
  'r50k_base',
  'gpt2',
] as const;
export type EncodingName = (typeof ENCODINGS)[number];

/** Rank of a byte sequence that is no token: above every real one. */
export const NO_RANK = 0x7fffffff;

/** A global is looked up at each use inside a `vm` context such as Jest's: ten times slower in the loops below. */
const { imul } = Math;

/** Base of the rolling hash; odd, so that multiplication modulo 2^32 loses nothing. */
const BASE = 0x01000193;

/** The hash after one more byte. `byte + 1` keeps leading zero bytes from vanishing. */
export function hashByte(hash: number, byte: number): number {
  return (imul(hash, BASE) + byte + 1) | 0;
}

const FILTER_BITS = 1 << 22;

function scramble(hash: number): number {
  return imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

function slotOf(hash: number, mask: number): number {
  return (scramble(hash) >>> 7) & mask;
}

/**
 * The tokens of an encoding with their ranks (rank = token id), in an open-addressed hash table over flat
 * arrays: 5 MB for o200k_base, and a look-up of any byte range in a few nanoseconds without a string.
 *
 * The hash of a range comes from prefix hashes (`hashRange`), so that byte pair merging never hashes a byte
 * twice. The table is fixed at load: input cannot make its chains longer.
 */
export class Vocabulary {
  readonly maxTokenBytes: number;
  /** One bit for the hash of each token: 512 KiB that stay in cache and answer most look-ups that find nothing. */
  readonly #filter = new Int32Array(FILTER_BITS >> 5);
  /** Token and hash of each slot, side by side; token -1 in a free one. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #ranks: Int32Array;
  readonly #offsets: Int32Array;
  readonly #bytes: Uint8Array;
  /** Ranks of all two-byte tokens, by `first << 8 | second`: half of all look-ups while merging. */
  readonly #pairs = new Int32Array(0x10000).fill(NO_RANK);
  /** BASE^n, n up to the longest token. */
  readonly #powers: Int32Array;

  constructor(ranks: string) {
    const lines = ranks.split('\n').filter((line) => line !== '');
    const words = lines.map((line) => line.split(' '));
    const count = words.reduce((sum, line) => sum + line.length - 2, 0);
    const size = 2 ** Math.ceil(Math.log2(count * 2));
    this.#mask = size - 1;
    this.#slots = new Int32Array(2 * size).fill(-1);
    this.#ranks = new Int32Array(count);
    this.#offsets = new Int32Array(count + 1);
    const bytes = Buffer.allocUnsafe(ranks.length);
    let token = 0;
    let offset = 0;
    let longest = 0;
    for (const [, firstRank, ...encoded] of words) {
      let rank = Number(firstRank);
      for (const base64 of encoded) {
        const length = bytes.write(base64, offset, 'base64');
        this.#insert(token, rank, bytes, offset, length);
        longest = Math.max(longest, length);
        offset += length;
        token += 1;
        rank += 1;
        this.#offsets[token] = offset;
      }
    }
    this.#bytes = new Uint8Array(bytes.subarray(0, offset));
    this.maxTokenBytes = longest;
    this.#powers = new Int32Array(longest + 1);
    this.#powers[0] = 1;
    for (let n = 1; n <= longest; n += 1) this.#powers[n] = imul(this.#powers[n - 1] as number, BASE);
  }

  #insert(token: number, rank: number, bytes: Uint8Array, offset: number, length: number): void {
    let hash = 0;
    for (let i = offset; i < offset + length; i += 1) hash = hashByte(hash, bytes[i] as number);
    this.#ranks[token] = rank;
    if (length === 2) this.#pairs[((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)] = rank;
    const bit = scramble(hash) & (FILTER_BITS - 1);
    this.#filter[bit >> 5] = (this.#filter[bit >> 5] as number) | (1 << (bit & 31));
    let slot = slotOf(hash, this.#mask);
    while (this.#slots[2 * slot] !== -1) slot = (slot + 1) & this.#mask;
    this.#slots[2 * slot] = token;
    this.#slots[2 * slot + 1] = hash;
  }

  /** Rank of the token `bytes[start, end)`, whose hash is `hash`; `NO_RANK` if it is no token. */
  rank(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const bit = scramble(hash) & (FILTER_BITS - 1);
    if (((this.#filter[bit >> 5] as number) & (1 << (bit & 31))) === 0) return NO_RANK;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = slotOf(hash, mask); ; slot = (slot + 1) & mask) {
      const token = slots[2 * slot] as number;
      if (token === -1) return NO_RANK;
      if (slots[2 * slot + 1] === hash && this.#equals(token, bytes, start, end)) {
        return this.#ranks[token] as number;
      }
    }
  }

  /** Rank of `bytes[start, end)` where `prefix[i]` is the hash of the first `i` bytes. */
  rankOfRange(bytes: Uint8Array, prefix: Int32Array, start: number, end: number): number {
    const length = end - start;
    if (length === 2)
      return this.#pairs[((bytes[start] as number) << 8) | (bytes[start + 1] as number)] as number;
    if (length > this.maxTokenBytes) return NO_RANK;
    const head = imul(prefix[start] as number, this.#powers[length] as number);
    return this.rank(bytes, start, end, ((prefix[end] as number) - head) | 0);
  }

  /** Whether the ASCII text `text[start, end)`, whose hash is `hash`, is one token. */
  hasAscii(text: string, start: number, end: number, hash: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = slotOf(hash, mask); ; slot = (slot + 1) & mask) {
      const token = slots[2 * slot] as number;
      if (token === -1) return false;
      if (slots[2 * slot + 1] === hash && this.#equalsAscii(token, text, start, end)) return true;
    }
  }

  #equals(token: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes;
    const offset = this.#offsets[token] as number;
    if ((this.#offsets[token + 1] as number) - offset !== end - start) return false;
    for (let i = start, j = offset; i < end; i += 1, j += 1) {
      if (own[j] !== bytes[i]) return false;
    }
    return true;
  }

  #equalsAscii(token: number, text: string, start: number, end: number): boolean {
    const own = this.#bytes;
    const offset = this.#offsets[token] as number;
    if ((this.#offsets[token + 1] as number) - offset !== end - start) return false;
    for (let i = start, j = offset; i < end; i += 1, j += 1) {
      if (own[j] !== text.charCodeAt(i)) return false;
    }
    return true;
  }
}

const require = createRequire(import.meta.url);

/** Reads an encoding's tokens from the `tiktoken` package: about 100 ms for o200k_base. */
export function loadVocabulary(encoding: EncodingName): Vocabulary {
  const data = require(`tiktoken/encoders/${encoding}.json`) as { bpe_ranks: string };
  return new Vocabulary(data.bpe_ranks);
}
