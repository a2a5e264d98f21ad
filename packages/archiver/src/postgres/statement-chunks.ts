import type { ArchiveRow } from '../archive-row.js';

/** Rows and bytes of bodies that one statement has at most; a row of any size always fits. */
export interface ChunkLimits {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Postgres holds the rows of a statement three times over, with their `jsonb`: above `work_mem`, 4 MiB where
 * nobody has changed it, they go to temporary files, and each row costs it half as much again. And making
 * a statement holds the event loop: at these limits for a few milliseconds.
 */
export const chunkLimits: ChunkLimits = { rows: 1_000, bytes: 1024 * 1024 };

/** The rows in their order, cut where the next one would pass a limit. */
export function statementChunks(
  rows: readonly ArchiveRow[],
  limits: ChunkLimits = chunkLimits,
): ArchiveRow[][] {
  const chunks: ArchiveRow[][] = [];
  let chunk: ArchiveRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const full = chunk.length === limits.rows || bytes + row.body.byteLength > limits.bytes;
    if (full && chunk.length > 0) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += row.body.byteLength;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
