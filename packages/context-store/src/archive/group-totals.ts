import { usedTokens } from '@fastpaca/token-budget';

import type { ByteReader } from '../codec/byte-reader.js';
import type { ByteWriter } from '../codec/byte-writer.js';
import type { ContextRecord } from '../context/context-record.js';

/** Sums over the contexts of one group, so that nobody needs to walk them for a number. */
export interface GroupTotals {
  /** Contexts with messages that are not archived. */
  readonly pendingContexts: number;
  readonly pendingRows: number;
  /** Messages that are here. */
  readonly localRows: number;
  /** Tokens of all windows. */
  readonly windowTokens: number;
  /** Erased contexts whose rows are still to go from the archive. */
  readonly erasures: number;
}

export const noTotals: GroupTotals = {
  pendingContexts: 0,
  pendingRows: 0,
  localRows: 0,
  windowTokens: 0,
  erasures: 0,
};

export const localRowsOf = ({ lastSeq, archive }: ContextRecord): number =>
  archive.kept.reduce(
    (sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1,
    lastSeq + 1 - archive.localFrom,
  );

/** The totals after a context has changed; undefined: it is not there. */
export function withContext(
  totals: GroupTotals,
  before: ContextRecord | undefined,
  after: ContextRecord | undefined,
): GroupTotals {
  const moved = (total: number, of: (record: ContextRecord) => number): number =>
    countable(total - (before === undefined ? 0 : of(before)) + (after === undefined ? 0 : of(after)));
  return {
    pendingContexts: moved(totals.pendingContexts, ({ archive }) => Number(archive.place !== 0)),
    pendingRows: moved(totals.pendingRows, ({ lastSeq, archivedSeq }) => lastSeq - archivedSeq),
    localRows: moved(totals.localRows, localRowsOf),
    windowTokens: moved(totals.windowTokens, ({ window }) => usedTokens(window)),
    erasures: totals.erasures,
  };
}

export const withErasures = (totals: GroupTotals, change: number): GroupTotals =>
  change === 0 ? totals : { ...totals, erasures: countable(totals.erasures + change) };

/** Clients count tokens: sums of what they say may be absurd, and must not stop a replica. */
const countable = (total: number): number => Math.min(Math.max(total, 0), Number.MAX_SAFE_INTEGER);

export const writeTotals = (writer: ByteWriter, totals: GroupTotals): ByteWriter =>
  writer
    .varint(totals.pendingContexts)
    .varint(totals.pendingRows)
    .varint(totals.localRows)
    .varint(totals.windowTokens)
    .varint(totals.erasures);

export const readTotals = (reader: ByteReader): GroupTotals => ({
  pendingContexts: reader.varint(),
  pendingRows: reader.varint(),
  localRows: reader.varint(),
  windowTokens: reader.varint(),
  erasures: reader.varint(),
});
