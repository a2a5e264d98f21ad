import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveRow } from '../archive-row.js';
import { decodeLine } from './line-format.js';
import { firstSeqOf, segmentName } from './paths.js';
import { systemCode } from './system-code.js';

const newline = 0x0a;

export interface Segment {
  readonly rows: readonly ArchiveRow[];
  /** Bytes of the whole lines. What is behind them is the rest of a write that a crash cut off. */
  readonly size: number;
}

/** The first seqs of a life's segments, in order; none where there is no such life. */
export async function listSegments(directory: string): Promise<number[]> {
  try {
    const names = await readdir(directory);
    return names
      .map(firstSeqOf)
      .filter((seq) => seq !== null)
      .sort((a, b) => a - b);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** @throws ArchiveError `archive_failed` where a line is not what was written, and valid ones follow it */
export async function readSegment(directory: string, firstSeq: number): Promise<Segment> {
  const path = join(directory, segmentName(firstSeq));
  const bytes = await readFile(path);
  const rows: ArchiveRow[] = [];
  let size = 0;
  let torn: number | null = null;
  for (let at = 0, end = bytes.indexOf(newline); end !== -1; at = end + 1, end = bytes.indexOf(newline, at)) {
    const row = decodeLine(bytes.subarray(at, end));
    if (row?.seq === firstSeq + rows.length && torn === null) {
      rows.push(row);
      size = end + 1;
    } else if (row !== null) throw damaged(path, torn ?? at);
    // After a crash the end of the last write may be anything; nothing was ever written behind it.
    else torn ??= at;
  }
  return { rows, size };
}

function damaged(path: string, at: number): ArchiveError {
  return new ArchiveError(
    'archive_failed',
    `${path} is damaged at byte ${at}: a line there is not what was written. Restore the file from a backup.`,
  );
}
