import { LETTER, MARK, NUMBER, OTHER, WHITESPACE, classAt, runEnd } from './character-class.js';
import { whitespaceEnd } from './shared.js';

const CONTRACTION = /'(?:[stmd]|re|ve|ll)/y;

/** Pieces of `p50k_base`, `p50k_edit`, `r50k_base` and `gpt2`, which share one pattern. */
export function p50kPieceEnd(text: string, at: number): number {
  // 's|'t|'re|'ve|'m|'ll|'d
  CONTRACTION.lastIndex = at;
  if (CONTRACTION.test(text)) return CONTRACTION.lastIndex;
  // ` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+`
  const start = text.charCodeAt(at) === 0x20 ? at + 1 : at;
  const first = classAt(text, start);
  if ((first & LETTER) !== 0) return runEnd(text, start, LETTER);
  if (first === NUMBER) return runEnd(text, start, NUMBER);
  if ((first & (OTHER | MARK)) !== 0) return runEnd(text, start, OTHER | MARK);
  // \s+(?!\S)|\s+
  return whitespaceEnd(text, at, runEnd(text, at, WHITESPACE));
}
