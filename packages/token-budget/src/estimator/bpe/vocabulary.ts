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

const FILTER_BITS = 1 << 21;

function scramble(hash: number): number {
  return imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

function slotOf(hash: number, mask: number): number {
  return (scramble(hash) >>> 7) & mask;
}

/**
 * A slot of the hash table is four numbers, so that a look-up touches one cache line of it: the hash, the place
 * of the token's bytes (offset << 8 | length; 0 for a free slot), its rank, and one unused.
 */
const SLOT_SHIFT = 2;
const PLACE = 1;
const RANK = 2;

const SPACE = 0x20;

/** The six bits that a character of base64 stands for; -1 for any other character, padding among them. */
const SEXTETS = new Int8Array(256).fill(-1);
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  SEXTETS[character.charCodeAt(0)] = value;

/** Tokens with consecutive ranks, one behind the other. */
interface Run {
  readonly firstRank: number;
  readonly bytes: Uint8Array;
  /** Where each token ends in `bytes`. */
  readonly ends: Int32Array;
}

/**
 * Decodes a line of `! FIRST_RANK TOKEN TOKEN …` with the tokens in base64. One pass over its characters: a string
 * and a call of Node's decoder for each of 200,000 tokens take several times as long, at every start.
 */
function decodeRun(line: string): Run {
  const [mark = '', rank = ''] = line.split(' ', 2);
  const encoded = Buffer.from(line, 'latin1');
  const bytes = new Uint8Array(encoded.length);
  const ends = new Int32Array(encoded.length);
  let count = 0;
  let end = 0;
  let held = 0;
  let bits = 0;
  for (let i = mark.length + rank.length + 2; i < encoded.length; i += 1) {
    const character = encoded[i] as number;
    const sextet = SEXTETS[character] as number;
    if (sextet >= 0) {
      held = (held << 6) | sextet;
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      bytes[end] = held >> bits;
      end += 1;
    } else if (character === SPACE) {
      ends[count] = end;
      count += 1;
      bits = 0;
    }
  }
  ends[count] = end;
  return { firstRank: Number(rank), bytes: bytes.subarray(0, end), ends: ends.subarray(0, count + 1) };
}

/**
 * The tokens of an encoding with their ranks (rank = token id), in an open-addressed hash table over flat
 * arrays: 10 MB for o200k_base, and a look-up of any byte range in a few nanoseconds without a string.
 *
 * The hash of a range comes from prefix hashes (`rankOfRange`), so that byte pair merging never hashes a byte
 * twice. The table is fixed at load: input cannot make its chains longer.
 */
export class Vocabulary {
  /** One bit for the hash of each token: small enough to stay in cache, and most look-ups end here. */
  readonly #filter = new Int32Array(FILTER_BITS >> 5);
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #bytes: Uint8Array;
  #longest = 0;
  /** Ranks of all two-byte tokens, by `first << 8 | second`: half of all look-ups while merging. */
  readonly #pairs = new Int32Array(0x10000).fill(NO_RANK);
  /** BASE^n, n up to the longest token. */
  readonly #powers: Int32Array;

  /** `ranks`: lines of `! FIRST_RANK TOKEN TOKEN …` with the tokens in base64, as the `tiktoken` package has them. */
  constructor(ranks: string) {
    const lines = ranks.split('\n').filter((line) => line !== '');
    const runs = lines.map((line) => decodeRun(line));
    const count = runs.reduce((sum, { ends }) => sum + ends.length, 0);
    const size = 2 ** Math.ceil(Math.log2(count * 2));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size << SLOT_SHIFT);
    this.#bytes = new Uint8Array(runs.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let offset = 0;
    for (const run of runs) {
      this.#bytes.set(run.bytes, offset);
      this.#insertRun(run, offset);
      offset += run.bytes.length;
    }
    this.#powers = new Int32Array(this.#longest + 1);
    this.#powers[0] = 1;
    for (let n = 1; n <= this.#longest; n += 1) this.#powers[n] = imul(this.#powers[n - 1] as number, BASE);
  }

  #insertRun({ firstRank, ends }: Run, offset: number): void {
    let start = offset;
    for (let i = 0; i < ends.length; i += 1) {
      const end = offset + (ends[i] as number);
      this.#insert(firstRank + i, start, end - start);
      start = end;
    }
  }

  #insert(rank: number, offset: number, length: number): void {
    const bytes = this.#bytes;
    let hash = 0;
    for (let i = offset; i < offset + length; i += 1) hash = hashByte(hash, bytes[i] as number);
    if (length > this.#longest) this.#longest = length;
    if (length === 2) this.#pairs[((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)] = rank;
    const bit = scramble(hash) & (FILTER_BITS - 1);
    this.#filter[bit >> 5] = (this.#filter[bit >> 5] as number) | (1 << (bit & 31));
    const slots = this.#slots;
    let slot = slotOf(hash, this.#mask);
    while (slots[(slot << SLOT_SHIFT) + PLACE] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot << SLOT_SHIFT;
    slots[at] = hash;
    slots[at + PLACE] = (offset << 8) | length;
    slots[at + RANK] = rank;
  }

  /** Of the longest token. */
  get maxTokenBytes(): number {
    return this.#longest;
  }

  /** Rank of the token `bytes[start, end)`, whose hash is `hash`; `NO_RANK` if it is no token. */
  rank(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const bit = scramble(hash) & (FILTER_BITS - 1);
    if (((this.#filter[bit >> 5] as number) & (1 << (bit & 31))) === 0) return NO_RANK;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = slotOf(hash, mask); ; slot = (slot + 1) & mask) {
      const at = slot << SLOT_SHIFT;
      const place = slots[at + PLACE] as number;
      if (place === 0) return NO_RANK;
      if (slots[at] === hash && this.#equals(place, bytes, start, end)) return slots[at + RANK] as number;
    }
  }

  /** Rank of `bytes[start, end)` where `prefix[i]` is the hash of the first `i` bytes. */
  rankOfRange(bytes: Uint8Array, prefix: Int32Array, start: number, end: number): number {
    const length = end - start;
    if (length === 2)
      return this.#pairs[((bytes[start] as number) << 8) | (bytes[start + 1] as number)] as number;
    if (length > this.#longest) return NO_RANK;
    const head = imul(prefix[start] as number, this.#powers[length] as number);
    return this.rank(bytes, start, end, ((prefix[end] as number) - head) | 0);
  }

  /** Whether the ASCII text `text[start, end)`, whose hash is `hash`, is one token. */
  hasAscii(text: string, start: number, end: number, hash: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = slotOf(hash, mask); ; slot = (slot + 1) & mask) {
      const at = slot << SLOT_SHIFT;
      const place = slots[at + PLACE] as number;
      if (place === 0) return false;
      if (slots[at] === hash && this.#equalsAscii(place, text, start, end)) return true;
    }
  }

  #equals(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    if ((place & 0xff) !== end - start) return false;
    const own = this.#bytes;
    for (let i = start, j = place >> 8; i < end; i += 1, j += 1) {
      if (own[j] !== bytes[i]) return false;
    }
    return true;
  }

  #equalsAscii(place: number, text: string, start: number, end: number): boolean {
    if ((place & 0xff) !== end - start) return false;
    const own = this.#bytes;
    for (let i = start, j = place >> 8; i < end; i += 1, j += 1) {
      if (own[j] !== text.charCodeAt(i)) return false;
    }
    return true;
  }
}

const require = createRequire(import.meta.url);

/** Reads an encoding's tokens from the `tiktoken` package: about 50 ms for o200k_base. */
export function loadVocabulary(encoding: EncodingName): Vocabulary {
  const data = require(`tiktoken/encoders/${encoding}.json`) as { bpe_ranks: string };
  return new Vocabulary(data.bpe_ranks);
}
