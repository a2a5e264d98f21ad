// The global of this name has the type of a browser's where a project has those types.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What happened between the end of one batch and the end of the next. */
export interface BatchSpan {
  /** Rows that were archived. */
  readonly rows: number;
  readonly elapsedMs: number;
  /** Rows that waited for the archive at its beginning and at its end. */
  readonly pendingBefore: number;
  readonly pendingAfter: number;
  /** Share of the time in which the event loop was busy, 0 to 1. */
  readonly utilization: number;
}

/** About what a row takes of the event loop, from LevelDB to Postgres and back as a watermark. */
const rowMs = 0.012;
/** Share of the event loop above which others count as busy. */
const busyFrom = 0.5;
/** On a busy node, rows archived for each that comes: little beside what appending it takes … */
const inPassing = 0.2;
/** … until so many wait: 1 GB of 256-byte messages, 40 s of an archiver that does not rest. */
const largestBacklog = 1_000_000;
/** From there on, which ends any backlog. */
const catchUp = 2;
const longestRestMs = 30_000;
/** How often a rest looks whether the node is still busy. */
const lookMs = 250;

/**
 * How long the archiver rests, in milliseconds, so that a node that is busy without it is hardly slowed: what is
 * appended in a burst waits for a quieter time. A burst that does not end makes a backlog that may not grow further:
 * then two rows are archived for each one that is appended.
 * A node that is busy with the archiver alone does not rest: an idle one would take hours to catch up.
 */
export function restMs(span: BatchSpan): number {
  const { rows, elapsedMs, pendingBefore, pendingAfter, utilization } = span;
  const others = utilization - (rows * rowMs) / elapsedMs;
  const appended = pendingAfter - pendingBefore + rows;
  if (others < busyFrom || appended <= 0) return 0;
  const share = pendingAfter < largestBacklog ? inPassing : catchUp;
  const ms = (rows * elapsedMs) / (share * appended) - elapsedMs;
  return Math.min(Math.max(0, ms), longestRestMs);
}

/** Watches the node from batch to batch. */
export class ArchivePace {
  readonly #pendingRows: () => number;
  #pending: number;
  #at = performance.now();
  #loop = performance.eventLoopUtilization();

  constructor(pendingRows: () => number) {
    this.#pendingRows = pendingRows;
    this.#pending = pendingRows();
  }

  /** Rests as `restMs` says for the rows that were archived since the last rest, or until the node is not busy. */
  readonly rest = async ({ rows }: { readonly rows: number }, signal: AbortSignal): Promise<void> => {
    const end = performance.now() + restMs(this.#span(rows));
    for (let left = end - performance.now(); left > 0 && !signal.aborted; left = end - performance.now()) {
      const before = performance.eventLoopUtilization();
      // It rejects only where the signal has come.
      await delay(Math.min(left, lookMs), undefined, { signal }).catch(() => undefined);
      if (performance.eventLoopUtilization(before).utilization < busyFrom) return;
    }
  };

  #span(rows: number): BatchSpan {
    const at = performance.now();
    const loop = performance.eventLoopUtilization();
    const pending = this.#pendingRows();
    const span: BatchSpan = {
      rows,
      elapsedMs: at - this.#at,
      pendingBefore: this.#pending,
      pendingAfter: pending,
      utilization: performance.eventLoopUtilization(loop, this.#loop).utilization,
    };
    this.#at = at;
    this.#loop = loop;
    this.#pending = pending;
    return span;
  }
}
