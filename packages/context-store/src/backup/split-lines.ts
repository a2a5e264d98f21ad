import { StoreError } from '../store-error.js';

const newline = 0x0a;

/** A line of a stream, without its newline, and where it is: lines are counted from 1. */
export interface Line {
  readonly bytes: Buffer;
  readonly number: number;
}

/**
 * The lines of a stream of bytes that comes in any pieces.
 *
 * @param maximumBytes longest line; a longer one is refused before it is held in memory
 * @throws StoreError `invalid_backup` where a line is too long, or the last one has no newline
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maximumBytes: number,
): AsyncGenerator<Line, void, undefined> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let number = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      rest.push(chunk.subarray(from, at));
      checkLength(restBytes + at - from, maximumBytes, number);
      yield { bytes: Buffer.concat(rest), number };
      rest = [];
      restBytes = 0;
      number += 1;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    // Of a longer chunk only this end is kept.
    rest.push(Buffer.from(chunk.subarray(from)));
    restBytes += chunk.length - from;
    checkLength(restBytes, maximumBytes, number);
  }
  if (restBytes > 0) {
    throw new StoreError('invalid_backup', `The backup is cut off: line ${number} has no end.`);
  }
}

function checkLength(bytes: number, maximum: number, number: number): void {
  if (bytes <= maximum) return;
  throw new StoreError('invalid_backup', `Line ${number} has more than ${maximum} bytes.`);
}
