import { END, NEWLINE, NUMBER, WHITESPACE, classAt, runEnd, widthAt } from './character-class.js';

/** Where the piece that starts at `at` ends. `at` is the end of the piece before, or 0, and not the end. */
export type PieceEnd = (text: string, at: number) => number;

const APOSTROPHE = 0x27;

/** End of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d` at `at`, in any case; `at` if there is none. */
export function contractionEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== APOSTROPHE) return at;
  const first = text.charAt(at + 1);
  // U+017F, the long s, is an `s` when Rust ignores case.
  if (/[sStTmMdD\u017f]/.test(first)) return at + 2;
  if (/^(?:re|ve|ll)$/i.test(text.slice(at + 1, at + 3))) return at + 3;
  return at;
}

/** `\p{N}{1,3}` */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  for (let digits = 0; digits < 3 && classAt(text, end) === NUMBER; digits += 1) end += widthAt(text, end);
  return end;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last newline; else all but the last space, which goes with a word. */
export function whitespaceEndAtNewline(text: string, at: number): number {
  const end = runEnd(text, at, WHITESPACE);
  for (let last = end; last > at; last -= 1) {
    if (classAt(text, last - 1) === NEWLINE) return last;
  }
  return whitespaceEnd(text, at, end);
}

/** `\s+(?!\S)|\s+` over a run of whitespace that ends at `end`. All whitespace is one code unit. */
export function whitespaceEnd(text: string, at: number, end: number): number {
  if (classAt(text, end) === END || end - at === 1) return end;
  return end - 1;
}
