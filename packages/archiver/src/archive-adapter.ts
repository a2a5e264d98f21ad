import type { ArchiveRow } from './archive-row.js';

export interface WriteOutcome {
  /** Rows that were not there before. */
  readonly inserted: number;
  /** Bytes of their bodies. */
  readonly insertedBytes: number;
  /**
   * Rows that the archive has under the same context, life and seq with another content, or cannot hold.
   * They, and what follows them in their context, must not be acknowledged.
   */
  readonly refused: readonly { readonly row: ArchiveRow; readonly reason: string }[];
}

/**
 * Where messages go. The contract, checked by the suite in `@fastpaca/archiver/testing`:
 * - What a resolved `write` did not refuse is durable, and a row given twice is there once.
 * - `erase` is final: rows of that life, also those whose `write` was under way, are gone when it
 *   resolves and do not come back. `write` of an erased life inserts nothing.
 * - `read` gives back what was written, byte for byte.
 */
export interface ArchiveAdapter {
  /** Makes or migrates what the archive needs. Safe from several processes at once. */
  migrate(): Promise<void>;
  write(rows: readonly ArchiveRow[]): Promise<WriteOutcome>;
  /** Rows of one life, oldest first, without a hole from `fromSeq` on; ends early at `maxBytes`, after one at least. */
  read(
    context: { readonly contextId: string; readonly life: string },
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]>;
  erase(context: { readonly contextId: string; readonly life: string }): Promise<void>;
  close(): Promise<void>;
}
