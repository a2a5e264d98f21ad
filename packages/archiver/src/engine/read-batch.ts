import type { ArchiveRow } from '../archive-row.js';
import type { ArchiveSource, PendingContext } from '../archive-source.js';
import type { Allotment } from '../plan/allot.js';

export interface BatchPart {
  readonly context: PendingContext;
  readonly rows: readonly ArchiveRow[];
}

export interface Batch {
  readonly parts: readonly BatchPart[];
  readonly rows: number;
  readonly bytes: number;
  /** What the batch's bytes did not reach. */
  readonly unread: readonly Allotment[];
}

/** Reads under way at once. Each may bring one row above its share of bytes. */
const concurrentReads = 8;

/** Reads allotments, in their order, until the bytes are used up. One row of any size always fits. */
export async function readBatch(
  read: ArchiveSource['read'],
  allotments: readonly Allotment[],
  batchBytes: number,
): Promise<Batch> {
  const parts: BatchPart[] = [];
  let rows = 0;
  let bytes = 0;
  let next = 0;
  while (next < allotments.length && bytes < batchBytes) {
    const maxBytes = Math.ceil((batchBytes - bytes) / (allotments.length - next));
    const together = allotments.slice(next, next + concurrentReads);
    next += together.length;
    const found = await Promise.all(
      together.map(async ({ context, fromSeq, toSeq }) => {
        const range = { fromSeq, toSeq, maxRows: toSeq - fromSeq + 1, maxBytes };
        return { context, rows: await read(context, range) };
      }),
    );
    for (const part of found) {
      if (part.rows.length === 0) continue;
      parts.push(part);
      rows += part.rows.length;
      bytes += part.rows.reduce((sum, row) => sum + row.body.byteLength, 0);
    }
  }
  return { parts, rows, bytes, unread: allotments.slice(next) };
}
