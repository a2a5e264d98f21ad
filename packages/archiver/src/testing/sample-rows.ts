import { deepEqual } from 'node:assert/strict';
import type { ArchiveRow } from '../archive-row.js';

export interface SampleShape {
  readonly contextId?: string;
  readonly life?: string;
  readonly role?: string;
  /** The message without its braces. */
  readonly content?: string;
}

/** A message as a store would hand it over. The same arguments give the same bytes. */
export function sampleRow(seq: number, shape: SampleShape = {}): ArchiveRow {
  const { contextId = 'chat-1', life = 'life-1', role = 'user' } = shape;
  const { content = `"parts":[{"type":"text","text":"message ${seq} of ${contextId}"}],"metadata":{}` } =
    shape;
  return {
    contextId,
    life,
    seq,
    role,
    body: Buffer.from(`{"seq":${seq},"role":${JSON.stringify(role)},${content}}`),
    tokenCount: seq % 100,
    insertedAt: 1_750_000_000_000 + seq,
  };
}

export function sampleRows(from: number, to: number, shape?: SampleShape): ArchiveRow[] {
  return Array.from({ length: to - from + 1 }, (_, index) => sampleRow(from + index, shape));
}

/** Compares rows byte for byte. */
export function expectRows(found: readonly ArchiveRow[], expected: readonly ArchiveRow[]): void {
  deepEqual(found.map(comparable), expected.map(comparable));
}

function comparable(row: ArchiveRow): object {
  return { ...row, body: Buffer.from(row.body).toString('latin1') };
}
