import type { PendingContext } from '../archive-source.js';
import { shareRows } from './share-rows.js';

/** Rows of one context that go into the next batch. */
export interface Allotment {
  readonly context: PendingContext;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** A context and how far it is worth reading, which is beyond its `archivedSeq`. */
export interface Candidate {
  readonly context: PendingContext;
  readonly toSeq: number;
}

export function backlogOf({ context, toSeq }: Candidate): number {
  return toSeq - context.archivedSeq;
}

/**
 * Shares so many batches out: small backlogs go whole, the large ones get equal parts of the rest, of one
 * batch each at most. So a context with a million rows takes what others leave, and delays none of them
 * by more than its part.
 *
 * The allotments come smallest first: what a small one does not need of a batch's bytes is for the
 * larger ones. `left` holds the candidates that got nothing, in their order.
 */
export function allot(
  candidates: readonly Candidate[],
  batchRows: number,
  batches: number,
): { readonly allotments: readonly Allotment[]; readonly left: readonly Candidate[] } {
  const wanted = candidates.map((candidate) => Math.min(backlogOf(candidate), batchRows));
  const shares = shareRows(wanted, batchRows * batches);
  const allotments: Allotment[] = [];
  const left: Candidate[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const share = shares[index] ?? 0;
    const { context } = candidate;
    if (share === 0) left.push(candidate);
    else allotments.push({ context, fromSeq: context.archivedSeq + 1, toSeq: context.archivedSeq + share });
  }
  allotments.sort((a, b) => rowsOf(a) - rowsOf(b));
  return { allotments, left };
}

/** As many of the first allotments as fit into one batch, uncut, and at least one; and the others. */
export function nextBatch(
  allotments: readonly Allotment[],
  batchRows: number,
): { readonly batch: readonly Allotment[]; readonly others: readonly Allotment[] } {
  let rows = 0;
  const over = allotments.findIndex((each) => (rows += rowsOf(each)) > batchRows);
  const end = over === -1 ? allotments.length : Math.max(1, over);
  return { batch: allotments.slice(0, end), others: allotments.slice(end) };
}

function rowsOf({ fromSeq, toSeq }: Allotment): number {
  return toSeq - fromSeq + 1;
}
