import {
  CASELESS,
  LETTER,
  LOWER,
  MARK,
  NUMBER,
  OTHER,
  SPACE,
  UPPER,
  classAt,
  runEnd,
  widthAt,
} from './character-class.js';
import { contractionEnd, digitsEnd, whitespaceEndAtNewline } from './shared.js';

/** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` */
const UPPERISH = UPPER | CASELESS | MARK;
/** `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` */
const LOWERISH = LOWER | CASELESS | MARK;

/** Pieces of `o200k_base`. The comments quote the alternatives of its pattern, in its order. */
export function o200kPieceEnd(text: string, at: number): number {
  const first = classAt(text, at);
  const word = wordEnd(text, at, first);
  if (word !== at) return contractionEnd(text, word);
  // \p{N}{1,3}
  if (first === NUMBER) return digitsEnd(text, at);
  // ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
  const symbols = text.charCodeAt(at) === 0x20 ? at + 1 : at;
  const end = runEnd(text, symbols, OTHER | MARK);
  if (end !== symbols) return lineEnds(text, end);
  return whitespaceEndAtNewline(text, at);
}

/**
 * `[^\r\n\p{L}\p{N}]?[UPPERISH]*[LOWERISH]+|[^\r\n\p{L}\p{N}]?[UPPERISH]+[LOWERISH]*`, or `at` for no word.
 * A mark may lead a word too, but is UPPERISH and LOWERISH itself: led or not, the word ends in the same place.
 */
function wordEnd(text: string, at: number, first: number): number {
  if ((first & (LETTER | MARK)) !== 0) return caseRunEnd(text, at);
  if ((first & (OTHER | SPACE)) === 0) return at;
  const start = at + widthAt(text, at);
  const end = caseRunEnd(text, start);
  return end === start ? at : end;
}

/**
 * End of `[UPPERISH]*[LOWERISH]+`, else of `[UPPERISH]+[LOWERISH]*`, from `start`; `start` if neither matches.
 * When no lower-case letter follows the first run, the pattern backs up to the last caseless character in it.
 */
function caseRunEnd(text: string, start: number): number {
  let upperEnd = start;
  let lastCaseless = start;
  for (;;) {
    const current = classAt(text, upperEnd);
    if ((current & UPPERISH) === 0) break;
    upperEnd += widthAt(text, upperEnd);
    if (current !== UPPER) lastCaseless = upperEnd;
  }
  if (classAt(text, upperEnd) === LOWER) return runEnd(text, upperEnd, LOWERISH);
  return lastCaseless === start ? upperEnd : lastCaseless;
}

/** `[\r\n/]*` */
function lineEnds(text: string, from: number): number {
  let end = from;
  for (;;) {
    const unit = text.charCodeAt(end);
    if (unit !== 0x0a && unit !== 0x0d && unit !== 0x2f) return end;
    end += 1;
  }
}
