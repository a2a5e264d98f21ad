import type { ArchiveAdapter, ArchiveRow, WriteOutcome } from '@fastpaca/archiver';

interface Context {
  readonly contextId: string;
  readonly life: string;
}

const keyOf = ({ contextId, life }: Context): string => `${contextId} ${life}`;

/** The contract of an archive over maps, with a switch for being down. */
export class MemoryArchive implements ArchiveAdapter {
  readonly #lives = new Map<string, Map<number, ArchiveRow>>();
  readonly #erased = new Set<string>();
  /** Every call fails with this. */
  failure: Error | null = null;
  /** Every call waits for this first. */
  gate: Promise<void> = Promise.resolve();
  reads = 0;

  async migrate(): Promise<void> {
    await this.#pass();
  }

  async write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    await this.#pass();
    let inserted = 0;
    let insertedBytes = 0;
    const refused: { row: ArchiveRow; reason: string }[] = [];
    for (const row of rows) {
      if (this.#erased.has(keyOf(row))) continue;
      const life = this.#life(row);
      const known = life.get(row.seq);
      if (known === undefined) {
        life.set(row.seq, { ...row, body: Buffer.from(row.body) });
        inserted += 1;
        insertedBytes += row.body.length;
      } else if (Buffer.compare(known.body, row.body) !== 0) {
        refused.push({ row, reason: 'another message is there' });
      }
    }
    return { inserted, insertedBytes, refused };
  }

  async read(
    context: Context,
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    await this.#pass();
    this.reads += 1;
    const rows: ArchiveRow[] = [];
    let bytes = 0;
    for (let seq = range.fromSeq; seq <= range.toSeq; seq += 1) {
      const row = this.#lives.get(keyOf(context))?.get(seq);
      if (row === undefined || (rows.length > 0 && bytes + row.body.length > range.maxBytes)) break;
      bytes += row.body.length;
      rows.push(row);
    }
    return rows;
  }

  async erase(context: Context): Promise<void> {
    await this.#pass();
    this.#lives.delete(keyOf(context));
    this.#erased.add(keyOf(context));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What it has of an id, all lives, by life and seq. */
  rowsOf(contextId: string): readonly ArchiveRow[] {
    return [...this.#lives.values()].flatMap((life) =>
      [...life.values()].filter((row) => row.contextId === contextId),
    );
  }

  /** Loses the oldest rows of an id, as a user's clean-up does. */
  forget(contextId: string, throughSeq: number): void {
    for (const life of this.#lives.values()) {
      for (const row of life.values()) {
        if (row.contextId === contextId && row.seq <= throughSeq) life.delete(row.seq);
      }
    }
  }

  #life(context: Context): Map<number, ArchiveRow> {
    const life = this.#lives.get(keyOf(context)) ?? new Map<number, ArchiveRow>();
    this.#lives.set(keyOf(context), life);
    return life;
  }

  async #pass(): Promise<void> {
    await this.gate;
    if (this.failure !== null) throw this.failure;
  }
}
