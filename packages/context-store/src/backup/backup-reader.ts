import { createHash, type Hash } from 'node:crypto';

import { backupVersion } from '@fastpaca/protocol';

import { StoreError } from '../store-error.js';
import { invalidLine, parseLine, type LineOf, type ParsedLine } from './parse-line.js';
import { splitLines } from './split-lines.js';

/** The largest message that a store takes, its outline, and room for what is around them. */
const maximumLineBytes = 32 << 20;

/** Reads a backup line by line, and counts what its last line must say. */
export class BackupReader {
  readonly #lines: AsyncGenerator<ParsedLine, void, undefined>;
  readonly #hash: Hash = createHash('sha256');
  #contexts = 0;
  #messages = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#lines = this.#parse(chunks);
  }

  /** @throws StoreError `invalid_backup` where the bytes do not begin as a backup of a known version. */
  async readHeader(): Promise<void> {
    const first = await this.#lines.next().catch((error: unknown) => {
      // Why the bytes do not come says nothing of what they are.
      if (!(error instanceof StoreError)) throw error;
      throw notABackup(error);
    });
    if (first.value?.type !== 'header') throw notABackup();
    if (first.value.version <= backupVersion) return;
    throw new StoreError(
      'invalid_backup',
      `The backup has version ${first.value.version} of the format; this release reads up to ${backupVersion}. Upgrade it.`,
    );
  }

  /** Lets go of the stream of bytes. To be called also where reading failed. */
  async close(): Promise<void> {
    await this.#lines.return();
  }

  /** The next context; null once the end has come, and says what was read. */
  async nextContext(): Promise<LineOf<'context'> | null> {
    const parsed = await this.#next();
    if (parsed.type === 'context') return parsed;
    if (parsed.type !== 'end') throw invalidLine(parsed.line, `is out of place: ${parsed.type}`);
    await this.#checkEnd(parsed);
    return null;
  }

  /**
   * The lines of a context up to its end: in memory where they are few, else read while they are used.
   * @param bytes as many as may be held in memory
   */
  async linesOf(
    start: LineOf<'context'>,
    bytes: number,
  ): Promise<{ readonly inMemory: boolean; readonly lines: AsyncIterable<ParsedLine> }> {
    const rest = this.#restOf(start);
    const first: ParsedLine[] = [];
    for (let held = 0; held < bytes;) {
      const next = await rest.next();
      if (next.done === true) return { inMemory: true, lines: chained(first, []) };
      first.push(next.value);
      held += next.value.line.bytes.length;
    }
    return { inMemory: false, lines: chained(first, rest) };
  }

  async *#restOf(start: LineOf<'context'>): AsyncGenerator<ParsedLine, void, undefined> {
    for (;;) {
      const parsed = await this.#next();
      if (parsed.type === 'entries') {
        yield parsed;
        continue;
      }
      if (parsed.type !== 'context_end' && parsed.type !== 'gone') {
        throw invalidLine(parsed.line, `is out of place: ${parsed.type} within a context`);
      }
      if (parsed.id !== start.id) throw invalidLine(parsed.line, `ends another context than ${start.id}`);
      if (parsed.type === 'context_end') {
        this.#contexts += 1;
        this.#messages += start.context.lastSeq;
      }
      yield parsed;
      return;
    }
  }

  async #next(): Promise<ParsedLine> {
    const { done, value } = await this.#lines.next();
    if (done !== true) return value;
    throw new StoreError('invalid_backup', 'The backup is cut off: it has no end line.');
  }

  async *#parse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ParsedLine, void, undefined> {
    for await (const line of splitLines(chunks, maximumLineBytes)) {
      const parsed = parseLine(line);
      if (parsed.type !== 'end') this.#hash.update(line.bytes).update('\n');
      yield parsed;
    }
  }

  async #checkEnd({ contexts, messages, sha256, line }: LineOf<'end'>): Promise<void> {
    if (sha256 !== this.#hash.digest('hex')) {
      throw new StoreError('invalid_backup', 'The backup was altered: it does not match its checksum.');
    }
    if (contexts !== this.#contexts || messages !== this.#messages) {
      throw invalidLine(line, `says ${contexts} contexts of ${messages} messages, and others came`);
    }
    const after = await this.#lines.next();
    if (after.done !== true) throw invalidLine(after.value.line, 'follows the end of the backup');
  }
}

const notABackup = (cause?: StoreError): StoreError =>
  new StoreError('invalid_backup', 'This is not a backup: its first line is not a header.', { cause });

async function* chained(
  first: readonly ParsedLine[],
  rest: AsyncIterable<ParsedLine> | readonly ParsedLine[],
): AsyncGenerator<ParsedLine, void, undefined> {
  yield* first;
  yield* rest;
}
