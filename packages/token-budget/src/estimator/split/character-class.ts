/**
 * The classes of characters that the encodings' patterns tell apart, one bit each, so that a set of classes is
 * one mask. Every code point has exactly one.
 */
export const UPPER = 1; // \p{Lu} \p{Lt}
export const LOWER = 2; // \p{Ll}
export const CASELESS = 4; // \p{Lm} \p{Lo}
export const MARK = 8; // \p{M}
export const NUMBER = 16; // \p{N}
export const NEWLINE = 32; // \r \n
export const SPACE = 64; // the rest of \s
export const OTHER = 128;
/** What lies past the end of the text. */
export const END = 0;

export const LETTER = UPPER | LOWER | CASELESS;
export const WHITESPACE = NEWLINE | SPACE;

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (codePoint === 0x0a || codePoint === 0x0d) return NEWLINE;
  // Not `\s`: the patterns are written for Rust, where it is White_Space, which has U+0085 and lacks U+FEFF.
  if (/\p{White_Space}/u.test(character)) return SPACE;
  if (/[\p{Lu}\p{Lt}]/u.test(character)) return UPPER;
  if (/\p{Ll}/u.test(character)) return LOWER;
  if (/[\p{Lm}\p{Lo}]/u.test(character)) return CASELESS;
  if (/\p{M}/u.test(character)) return MARK;
  if (/\p{N}/u.test(character)) return NUMBER;
  return OTHER;
}

const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
/** Classes by code point, a page of 256 at a time, filled at first use. */
const pages: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(0x110000 >> PAGE_BITS).fill(
  undefined,
);

function fillPage(page: number): Uint8Array {
  const classes = new Uint8Array(PAGE_SIZE);
  for (let i = 0; i < PAGE_SIZE; i += 1) classes[i] = classify((page << PAGE_BITS) | i);
  pages[page] = classes;
  return classes;
}

const ascii = fillPage(0);

function classOfCodePoint(codePoint: number): number {
  const page = pages[codePoint >> PAGE_BITS] ?? fillPage(codePoint >> PAGE_BITS);
  return page[codePoint & (PAGE_SIZE - 1)] as number;
}

/** Class of the character that starts at `at`; `END` at the end. A lone surrogate is `OTHER`, as U+FFFD is. */
export function classAt(text: string, at: number): number {
  if (at >= text.length) return END;
  const unit = text.charCodeAt(at);
  if (unit < PAGE_SIZE) return ascii[unit] as number;
  if (unit < 0xd800 || unit > 0xdfff) return classOfCodePoint(unit);
  return classOfCodePoint(text.codePointAt(at) as number);
}

/** Code units of the character that starts at `at`: 2 for a surrogate pair. */
export function widthAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1;
}

/** End of the run of characters whose class is in `mask`. */
export function runEnd(text: string, from: number, mask: number): number {
  let at = from;
  while ((classAt(text, at) & mask) !== 0) at += widthAt(text, at);
  return at;
}
