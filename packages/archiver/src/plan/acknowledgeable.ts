import type { ArchiveRow } from '../archive-row.js';
import type { Acknowledgement, PendingContext } from '../archive-source.js';

/**
 * What may be acknowledged of one context once its rows are written: the rows that follow `archivedSeq`
 * one by one, up to the first that is missing, belongs to something else, or was refused.
 *
 * Null where that is none. Counter-example for anything more: with 5 and 7 written and 6 refused, an
 * acknowledged 7 lets the source trim 6, which then is nowhere.
 *
 * @param firstRefused The lowest seq that the archive refused, or null.
 */
export function acknowledgeable(
  context: PendingContext,
  rows: readonly ArchiveRow[],
  firstRefused: number | null,
): Acknowledgement | null {
  const { contextId, life, archivedSeq } = context;
  let seq = archivedSeq;
  for (const row of rows) {
    const follows = row.seq === seq + 1 && row.contextId === contextId && row.life === life;
    if (!follows || row.seq === firstRefused) break;
    seq = row.seq;
  }
  return seq === archivedSeq ? null : { contextId, life, seq };
}
