import { LETTER, MARK, NEWLINE, NUMBER, OTHER, SPACE, classAt, runEnd, widthAt } from './character-class.js';
import { contractionEnd, digitsEnd, whitespaceEndAtNewline } from './shared.js';

/** Pieces of `cl100k_base`. The comments quote the alternatives of its pattern, in its order. */
export function cl100kPieceEnd(text: string, at: number): number {
  // (?i:'s|'t|'re|'ve|'m|'ll|'d)
  const contraction = contractionEnd(text, at);
  if (contraction !== at) return contraction;
  // [^\r\n\p{L}\p{N}]?\p{L}+
  const first = classAt(text, at);
  const letters = (first & (OTHER | MARK | SPACE)) === 0 ? at : at + widthAt(text, at);
  const word = runEnd(text, letters, LETTER);
  if (word !== letters) return word;
  // \p{N}{1,3}
  if (first === NUMBER) return digitsEnd(text, at);
  // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
  const symbols = text.charCodeAt(at) === 0x20 ? at + 1 : at;
  const end = runEnd(text, symbols, OTHER | MARK);
  if (end !== symbols) return runEnd(text, end, NEWLINE);
  return whitespaceEndAtNewline(text, at);
}
