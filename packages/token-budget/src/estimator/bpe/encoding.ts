import { cl100kPieceEnd } from '../split/cl100k.js';
import { o200kPieceEnd } from '../split/o200k.js';
import { p50kPieceEnd } from '../split/p50k.js';
import type { PieceEnd } from '../split/shared.js';
import { WINDOW_BYTES, countLongPiece } from './long-piece.js';
import { Merger } from './merge.js';
import { SHORT_BYTES, ShortMerger } from './short-piece.js';
import { NO_RANK, hashByte, loadVocabulary, type EncodingName, type Vocabulary } from './vocabulary.js';

const PIECE_ENDS: Record<EncodingName, PieceEnd> = {
  o200k_base: o200kPieceEnd,
  cl100k_base: cl100kPieceEnd,
  p50k_base: p50kPieceEnd,
  p50k_edit: p50kPieceEnd,
  r50k_base: p50kPieceEnd,
  gpt2: p50kPieceEnd,
};

/** Counts the tokens of one tiktoken encoding: the length of `encode_ordinary(text)`, in linear time. */
export class Encoding {
  readonly #vocabulary: Vocabulary;
  readonly #pieceEnd: PieceEnd;
  readonly #merger: Merger;
  readonly #shortMerger: ShortMerger;
  readonly #utf8 = new Uint8Array(WINDOW_BYTES);
  readonly #encoder = new TextEncoder();

  constructor(name: EncodingName) {
    this.#vocabulary = loadVocabulary(name);
    this.#pieceEnd = PIECE_ENDS[name];
    this.#shortMerger = new ShortMerger(this.#vocabulary);
    this.#merger = new Merger(this.#vocabulary, WINDOW_BYTES);
  }

  /** Tokens of `text`. Special tokens such as `<|endoftext|>` count as the plain text they are. */
  count(text: string): number {
    const vocabulary = this.#vocabulary;
    const { length } = text;
    let tokens = 0;
    let at = 0;
    while (at < length) {
      // Most pieces are a word of ASCII letters with an optional space before it, at most the first in upper
      // case. All patterns agree that it ends before an ASCII character that is neither a letter nor an
      // apostrophe. It is hashed as it is scanned.
      let end = at;
      let hash = 0;
      let unit = text.charCodeAt(end);
      if (unit === SPACE) {
        hash = hashByte(hash, unit);
        end += 1;
        unit = end < length ? text.charCodeAt(end) : SPACE;
      }
      if (isLower(unit | 0x20)) {
        do {
          hash = hashByte(hash, unit);
          end += 1;
          unit = end < length ? text.charCodeAt(end) : SPACE;
        } while (isLower(unit));
        const isWord = unit <= 0x7f && unit !== APOSTROPHE && !isLower(unit | 0x20);
        if (isWord && vocabulary.hasAscii(text, at, end, hash)) {
          tokens += 1;
          at = end;
          continue;
        }
      }
      end = this.#pieceEnd(text, at);
      tokens += this.#countPiece(text, at, end);
      at = end;
    }
    return tokens;
  }

  #countPiece(text: string, start: number, end: number): number {
    const length = end - start;
    if (length * 3 > WINDOW_BYTES) return this.#countLong(text, start, end);
    const utf8 = this.#utf8;
    let hash = 0;
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(start + i);
      if (unit > 0x7f) return this.#countUnicode(text.slice(start, end));
      utf8[i] = unit;
      hash = hashByte(hash, unit);
    }
    // Every byte is a token.
    if (length === 1) return 1;
    return this.#isToken(utf8, length, hash) ? 1 : this.#merge(length);
  }

  /** Tokens of the first `length` bytes of the scratch buffer. */
  #merge(length: number): number {
    if (length <= SHORT_BYTES) return this.#shortMerger.merge(this.#utf8, length);
    return this.#merger.merge(this.#utf8, 0, length);
  }

  /** A piece whose UTF-8 fits the scratch buffer. */
  #countUnicode(piece: string): number {
    const { written } = this.#encoder.encodeInto(piece, this.#utf8);
    return this.#isToken(this.#utf8, written, hashOf(this.#utf8, written)) ? 1 : this.#merge(written);
  }

  #countLong(text: string, start: number, end: number): number {
    const bytes = this.#encoder.encode(text.slice(start, end));
    const { length } = bytes;
    const isToken =
      length <= this.#vocabulary.maxTokenBytes && this.#isToken(bytes, length, hashOf(bytes, length));
    return isToken ? 1 : countLongPiece(this.#merger, bytes);
  }

  /** A piece that is a token as a whole is that token, whatever merging would make of it. */
  #isToken(bytes: Uint8Array, length: number, hash: number): boolean {
    return this.#vocabulary.rank(bytes, 0, length, hash) !== NO_RANK;
  }
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0;
  for (let i = 0; i < length; i += 1) hash = hashByte(hash, bytes[i] as number);
  return hash;
}

const SPACE = 0x20;
const APOSTROPHE = 0x27;

function isLower(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a;
}

const loaded = new Map<EncodingName, Encoding>();

/** The encoding of that name, loaded once per thread at its first use and kept. */
export function encodingNamed(name: EncodingName): Encoding {
  let encoding = loaded.get(name);
  if (encoding === undefined) {
    encoding = new Encoding(name);
    loaded.set(name, encoding);
  }
  return encoding;
}
