import type { ArchiveAdapter, WriteOutcome } from '../../src/archive-adapter.js';
import { ArchiveError, type ArchiveRow } from '../../src/index.js';
import { keyOf } from '../../src/plan/parking.js';
import { encodeLine, sameRow } from '../../src/directory/line-format.js';

/** What a test does to a call: throw, wait, or refuse rows. */
export interface Faults {
  beforeWrite?(rows: readonly ArchiveRow[]): Promise<void> | void;
  /** As a crash would: the rows are there, and the caller never hears of it. */
  afterWrite?(rows: readonly ArchiveRow[]): Promise<void> | void;
  refuses?(row: ArchiveRow): boolean;
  beforeErase?(): Promise<void> | void;
}

/** An archive in memory that keeps the contract, but for the faults that a test puts in. */
export class MemoryArchive implements ArchiveAdapter {
  faults: Faults = {};
  readonly batches: { readonly rows: number; readonly bytes: number }[] = [];
  /** The most calls of `write` at one time. */
  mostAtOnce = 0;
  readonly #lives = new Map<string, Map<number, ArchiveRow>>();
  readonly #erased = new Set<string>();
  #atOnce = 0;
  #closed = false;

  migrate(): Promise<void> {
    return this.#answer(() => undefined);
  }

  async write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    try {
      await this.faults.beforeWrite?.(rows);
      const outcome = await this.#answer(() => this.#insert(rows));
      this.batches.push({
        rows: rows.length,
        bytes: rows.reduce((sum, row) => sum + row.body.byteLength, 0),
      });
      await this.faults.afterWrite?.(rows);
      return outcome;
    } finally {
      this.#atOnce -= 1;
    }
  }

  read(
    context: { readonly contextId: string; readonly life: string },
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    return this.#answer(() => {
      const life = this.#lives.get(keyOf(context));
      const found: ArchiveRow[] = [];
      let bytes = 0;
      for (let seq = range.fromSeq; seq <= range.toSeq; seq += 1) {
        const row = life?.get(seq);
        if (row === undefined) break;
        bytes += row.body.byteLength;
        if (found.length > 0 && bytes > range.maxBytes) break;
        found.push(row);
      }
      return found;
    });
  }

  async erase(context: { readonly contextId: string; readonly life: string }): Promise<void> {
    await this.faults.beforeErase?.();
    await this.#answer(() => {
      this.#erased.add(keyOf(context));
      this.#lives.delete(keyOf(context));
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  has(row: { readonly contextId: string; readonly life: string; readonly seq: number }): boolean {
    return this.#lives.get(keyOf(row))?.has(row.seq) === true;
  }

  rows(): readonly ArchiveRow[] {
    return [...this.#lives.values()].flatMap((life) => [...life.values()]);
  }

  #insert(rows: readonly ArchiveRow[]): WriteOutcome {
    const refused: WriteOutcome['refused'][number][] = [];
    const inserted: ArchiveRow[] = [];
    for (const row of rows) {
      if (this.#erased.has(keyOf(row))) continue;
      const life = this.#lives.get(keyOf(row)) ?? new Map<number, ArchiveRow>();
      this.#lives.set(keyOf(row), life);
      const before = life.get(row.seq);
      if (this.faults.refuses?.(row) === true) refused.push({ row, reason: 'refused by the test' });
      else if (before === undefined) {
        life.set(row.seq, row);
        inserted.push(row);
      } else if (!sameRow(before, row)) refused.push({ row, reason: 'another message is at this place' });
    }
    const insertedBytes = inserted.reduce((sum, row) => sum + row.body.byteLength, 0);
    return { inserted: inserted.length, insertedBytes, refused };
  }

  #answer<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new ArchiveError('archive_closed', 'The archive is closed.'));
    return Promise.resolve().then(work);
  }
}

/** To compare rows byte for byte. */
export function lineOf(row: ArchiveRow): string {
  return encodeLine(row).toString('latin1');
}
