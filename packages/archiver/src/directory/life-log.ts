import { join } from 'node:path';
import type { WriteOutcome } from '../archive-adapter.js';
import type { ArchiveRow } from '../archive-row.js';
import { appendDurably, makeDirectory } from './durable-files.js';
import { encodeLine, sameRow } from './line-format.js';
import { segmentName } from './paths.js';
import { listSegments, readSegment } from './segments.js';

/** Where the next row of a life goes. */
export interface LifeEnd {
  /** Null where it has none. */
  readonly lastSeq: number | null;
  /** The last segment, by its first seq. */
  readonly segment: number;
  readonly size: number;
}

export async function findEnd(directory: string): Promise<LifeEnd> {
  const segment = (await listSegments(directory)).at(-1);
  if (segment === undefined) return { lastSeq: null, segment: 0, size: 0 };
  const { rows, size } = await readSegment(directory, segment);
  return { lastSeq: segment + rows.length - 1, segment, size };
}

/** Sorts rows of one life by what becomes of them. */
export function planAppend(
  end: LifeEnd,
  rows: readonly ArchiveRow[],
  stored: ReadonlyMap<number, ArchiveRow>,
): { readonly fresh: readonly ArchiveRow[]; readonly refused: WriteOutcome['refused'] } {
  const fresh: ArchiveRow[] = [];
  const refused: { row: ArchiveRow; reason: string }[] = [];
  let last = end.lastSeq;
  for (const row of [...rows].sort((a, b) => a.seq - b.seq)) {
    const newest = fresh.at(-1);
    const before = newest?.seq === row.seq ? newest : stored.get(row.seq);
    if (before !== undefined) {
      if (!sameRow(before, row)) refused.push({ row, reason: 'another message is at this place' });
    } else if (last !== null && row.seq !== last + 1) {
      refused.push({ row, reason: `the archive of this context ends with ${last}, and files have no holes` });
    } else {
      fresh.push(row);
      last = row.seq;
    }
  }
  return { fresh, refused };
}

/** Rows from `fromSeq` on without a hole, as far as `take` wants them. */
export async function readLife(
  directory: string,
  fromSeq: number,
  take: (row: ArchiveRow) => boolean,
): Promise<ArchiveRow[]> {
  const segments = await listSegments(directory);
  const found: ArchiveRow[] = [];
  const first = segments.findLastIndex((segment) => segment <= fromSeq);
  for (const segment of first === -1 ? [] : segments.slice(first)) {
    if (segment > fromSeq + found.length) break;
    const { rows } = await readSegment(directory, segment);
    for (const row of rows) {
      if (row.seq < fromSeq) continue;
      if (!take(row)) return found;
      found.push(row);
    }
  }
  return found;
}

/** Appends rows that follow the end, durable. */
export async function appendRows(
  directory: string,
  end: LifeEnd,
  rows: readonly ArchiveRow[],
  segmentBytes: number,
): Promise<LifeEnd> {
  const [first] = rows;
  if (first === undefined) return end;
  if (end.lastSeq === null) await makeDirectory(directory);
  const anew = end.lastSeq === null || end.size === 0 || end.size >= segmentBytes;
  const segment = anew ? first.seq : end.segment;
  const size = anew ? 0 : end.size;
  const bytes = Buffer.concat(rows.map(encodeLine));
  await appendDurably(join(directory, segmentName(segment)), size, bytes);
  return { lastSeq: first.seq + rows.length - 1, segment, size: size + bytes.length };
}
