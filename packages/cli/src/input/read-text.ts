import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UsageError } from '../exit-codes.js';
import type { Io } from '../io.js';

export interface TextSource {
  /** As an argument; `-` stands for standard input. */
  readonly argument: string | undefined;
  readonly file: string | undefined;
}

/**
 * The text that a command is about: an argument, a file, or what comes from a pipe.
 * @throws UsageError where there is none, or two
 */
export async function readText({ argument, file }: TextSource, io: Io): Promise<string> {
  if (argument !== undefined && file !== undefined)
    throw new UsageError('Give the text or --file, not both.');
  if (file !== undefined) return fromFile(file);
  if (argument !== undefined && argument !== '-') return argument;
  if (argument === undefined && io.stdin.isTTY === true) {
    throw new UsageError('Give the text as an argument, with --file, or through a pipe.');
  }
  return withoutLastNewline(await text(io.stdin));
}

async function fromFile(file: string): Promise<string> {
  try {
    return withoutLastNewline(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
    );
  }
}

/** `echo` and editors add one that nobody means. */
const withoutLastNewline = (content: string): string => content.replace(/\r?\n$/, '');
