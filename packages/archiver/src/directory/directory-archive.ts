import { rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ArchiveAdapter, WriteOutcome } from '../archive-adapter.js';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveRow } from '../archive-row.js';
import { keyOf } from '../plan/parking.js';
import { toDirectoryError } from './directory-error.js';
import { lockDirectory } from './directory-lock.js';
import { makeDirectory, syncDirectory } from './durable-files.js';
import { appendRows, findEnd, planAppend, readLife, type LifeEnd } from './life-log.js';
import { erasureMarker, lifeDirectory, type LifeName } from './paths.js';
import { systemCode } from './system-code.js';

export interface DirectoryArchiveOptions {
  /** Made where it is not there. One process at a time. */
  readonly directory: string;
  /** A file that has this many bytes is followed by a new one. Default 4 MiB. */
  readonly segmentBytes?: number;
}

/** Lives whose end is kept in mind. */
const maximumEnds = 10_000;
const maximumWaiting = 1_000;

/**
 * Messages in files: for each life of a context newline-JSON, a row a line, synced before a write
 * resolves. For backups, for tests, and for histories that no database needs to know.
 *
 * Every method rejects with `ArchiveError`.
 */
export class DirectoryArchive implements ArchiveAdapter {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #ends = new Map<string, LifeEnd>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #unlock: (() => Promise<void>) | null = null;
  #closed = false;

  constructor({ directory, segmentBytes = 4 * 1024 * 1024 }: DirectoryArchiveOptions) {
    this.#directory = resolve(directory);
    this.#segmentBytes = segmentBytes;
  }

  migrate(): Promise<void> {
    return this.#inTurn(() => Promise.resolve());
  }

  write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    return this.#inTurn(async () => {
      let inserted = 0;
      let insertedBytes = 0;
      const refused: WriteOutcome['refused'][number][] = [];
      for (const [first, ...others] of Map.groupBy(rows, keyOf).values()) {
        if (first === undefined || (await this.#isErased(first))) continue;
        const outcome = await this.#writeLife(first, [first, ...others]);
        inserted += outcome.inserted;
        insertedBytes += outcome.insertedBytes;
        refused.push(...outcome.refused);
      }
      return { inserted, insertedBytes, refused };
    });
  }

  read(
    context: LifeName,
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    return this.#inTurn(async () => {
      if (await this.#isErased(context)) return [];
      let bytes = 0;
      return await readLife(lifeDirectory(this.#directory, context), range.fromSeq, (row) => {
        bytes += row.body.byteLength;
        return row.seq <= range.toSeq && (row.seq === range.fromSeq || bytes <= range.maxBytes);
      });
    });
  }

  /** The marker comes first: after a crash in between the life counts as erased, and is erased again. */
  erase(context: LifeName): Promise<void> {
    return this.#inTurn(async () => {
      const marker = erasureMarker(this.#directory, context);
      await makeDirectory(dirname(marker));
      await writeFile(marker, '', { flush: true });
      await syncDirectory(dirname(marker));
      const directory = lifeDirectory(this.#directory, context);
      this.#ends.delete(keyOf(context));
      await rm(directory, { recursive: true, force: true });
      if (await exists(dirname(directory))) await syncDirectory(dirname(directory));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#unlock?.();
    this.#unlock = null;
  }

  async #writeLife(context: LifeName, rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    const key = keyOf(context);
    const directory = lifeDirectory(this.#directory, context);
    const end = this.#ends.get(key) ?? (await findEnd(directory));
    this.#ends.delete(key);
    const { fresh, refused } = planAppend(end, rows, await storedRows(directory, end, rows));
    // Only after it succeeded: else the end is looked up again.
    this.#remember(key, await appendRows(directory, end, fresh, this.#segmentBytes));
    return {
      inserted: fresh.length,
      insertedBytes: fresh.reduce((sum, row) => sum + row.body.byteLength, 0),
      refused,
    };
  }

  #remember(key: string, end: LifeEnd): void {
    this.#ends.set(key, end);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > maximumEnds && oldest !== undefined) this.#ends.delete(oldest);
  }

  #isErased(context: LifeName): Promise<boolean> {
    return exists(erasureMarker(this.#directory, context));
  }

  /** One call at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new ArchiveError('archive_closed', 'The archive is closed.'));
    if (this.#waiting >= maximumWaiting) {
      const message = `${maximumWaiting} calls wait for the archive already: try again later.`;
      return Promise.reject(new ArchiveError('archive_unavailable', message));
    }
    this.#waiting += 1;
    const turn = this.#turn.then(async () => {
      try {
        await this.#open();
        return await work();
      } catch (error) {
        throw toDirectoryError(error);
      } finally {
        this.#waiting -= 1;
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #open(): Promise<void> {
    if (this.#unlock !== null) return;
    await makeDirectory(this.#directory);
    this.#unlock = await lockDirectory(this.#directory);
  }
}

/** What is stored at the places of rows that are there already. */
async function storedRows(
  directory: string,
  end: LifeEnd,
  rows: readonly ArchiveRow[],
): Promise<ReadonlyMap<number, ArchiveRow>> {
  const { lastSeq } = end;
  const known = lastSeq === null ? [] : rows.map(({ seq }) => seq).filter((seq) => seq <= lastSeq);
  if (known.length === 0) return new Map();
  const from = known.reduce((least, seq) => Math.min(least, seq));
  const to = known.reduce((most, seq) => Math.max(most, seq));
  const stored = await readLife(directory, from, (row) => row.seq <= to);
  return new Map(stored.map((row) => [row.seq, row]));
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
