import type { SeqRange } from '@fastpaca/token-budget';

import type { ContextRecord } from '../context/context-record.js';

/** How far one command may trim. The numbers come in the command: every replica must use the same. */
export interface TrimLimits {
  /** Newest messages that stay, archived or not. */
  readonly tailKeep: number;
  /** Messages that one command may pass over. */
  readonly steps: number;
}

export interface TrimPlan {
  readonly localFrom: number;
  readonly kept: readonly SeqRange[];
  /** Messages that go. */
  readonly deleted: readonly SeqRange[];
  /** Messages that were passed over: at most `limits.steps`. */
  readonly steps: number;
  /** The next command could trim more. */
  readonly unfinished: boolean;
}

/**
 * What a context can let go of: archived, older than the tail, and not of the window. The window reads
 * the log from `liveFrom` on and its pins, and a turn that is not finished may still pin its own
 * messages; so a window never needs the archive.
 */
export function planTrim(record: ContextRecord, limits: TrimLimits): TrimPlan {
  const { archivedSeq, lastSeq, window, archive } = record;
  const pins = window.pins;
  const turnFrom = window.turn === null || window.turn.seq === 0 ? Infinity : window.turn.seq;
  const bound = Math.min(archivedSeq + 1, lastSeq + 1 - limits.tailKeep, window.liveFrom, turnFrom);

  const released = archive.kept.flatMap((range) => without(range, pins));
  const deleted = firstOf(released, limits.steps);
  let steps = count(deleted);
  const to = Math.max(archive.localFrom, Math.min(bound, archive.localFrom + limits.steps - steps));
  steps += to - archive.localFrom;
  const passed = { fromSeq: archive.localFrom, toSeq: to - 1 };
  const kept = archive.kept.flatMap((range) => without(range, deleted));
  return {
    localFrom: to,
    kept: [...kept, ...common(passed, pins)],
    deleted: [...deleted, ...without(passed, pins)],
    steps,
    unfinished: to < bound || count(released) > count(deleted),
  };
}

const count = (ranges: readonly SeqRange[]): number =>
  ranges.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);

/** As much of the ranges as `limit` messages. */
function firstOf(ranges: readonly SeqRange[], limit: number): SeqRange[] {
  const first: SeqRange[] = [];
  let left = limit;
  for (const { fromSeq, toSeq } of ranges) {
    if (left === 0) break;
    const end = Math.min(toSeq, fromSeq + left - 1);
    first.push({ fromSeq, toSeq: end });
    left -= end - fromSeq + 1;
  }
  return first;
}

/** The part of `range` that is in one of `others`, which ascend. */
function common(range: SeqRange, others: readonly SeqRange[]): SeqRange[] {
  return others.flatMap((other) => {
    const fromSeq = Math.max(range.fromSeq, other.fromSeq);
    const toSeq = Math.min(range.toSeq, other.toSeq);
    return fromSeq <= toSeq ? [{ fromSeq, toSeq }] : [];
  });
}

/** The part of `range` that is in none of `others`, which ascend. */
function without(range: SeqRange, others: readonly SeqRange[]): SeqRange[] {
  const left: SeqRange[] = [];
  let from = range.fromSeq;
  for (const { fromSeq, toSeq } of common(range, others)) {
    if (from < fromSeq) left.push({ fromSeq: from, toSeq: fromSeq - 1 });
    from = toSeq + 1;
  }
  if (from <= range.toSeq) left.push({ fromSeq: from, toSeq: range.toSeq });
  return left;
}
