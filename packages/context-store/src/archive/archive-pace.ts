// The global of this name has the type of a browser's where a project has those types.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** What happened from the end of a rest to the end of the batches after it. */
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
const inPassing = 0.1;
/** … until so many wait: 1 GB of 256-byte messages, 40 s of an archiver that does not rest. */
const largestBacklog = 1_000_000;
/** From there on, which ends any backlog. */
const catchUp = 2;
const longestRestMs = 30_000;
/** How often a rest looks whether the node is still busy. */
const lookMs = 250;

/**
 * How many rows must come before the next batch is archived, so that a node that is busy without the archiver is hardly
 * slowed: what is appended in a burst waits for a quieter time. A burst that does not end makes a backlog that may not
 * grow further: then two rows are archived for each one that is appended.
 * A node that is busy with the archiver alone awaits nothing: an idle one would take hours to catch up.
 */
export function rowsToAwait(span: BatchSpan): number {
  const { rows, elapsedMs, pendingBefore, pendingAfter, utilization } = span;
  const others = utilization - (rows * rowMs) / elapsedMs;
  const appended = pendingAfter - pendingBefore + rows;
  if (others < busyFrom || appended <= 0) return 0;
  const share = pendingAfter < largestBacklog ? inPassing : catchUp;
  return Math.max(0, rows / share - appended);
}

/** Watches the node from the end of a rest to the end of what is archived then. */
export class ArchivePace {
  readonly #pendingRows: () => number;
  #pending: number;
  #at = performance.now();
  #loop = performance.eventLoopUtilization();

  constructor(pendingRows: () => number) {
    this.#pendingRows = pendingRows;
    this.#pending = pendingRows();
  }

  /** Until so many rows have come as `rowsToAwait` says, or the node is not busy; 30 s at most. */
  readonly rest = async ({ rows }: { readonly rows: number }, signal: AbortSignal): Promise<void> => {
    const span = this.#span(rows);
    const enough = span.pendingAfter + rowsToAwait(span);
    const end = performance.now() + longestRestMs;
    let busy = true;
    while (busy && this.#pendingRows() < enough && performance.now() < end && !signal.aborted) {
      const before = performance.eventLoopUtilization();
      // It rejects only where the signal has come.
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
      busy = performance.eventLoopUtilization(before).utilization >= busyFrom;
    }
    this.#pending = this.#pendingRows();
    this.#at = performance.now();
    this.#loop = performance.eventLoopUtilization();
  };

  #span(rows: number): BatchSpan {
    return {
      rows,
      elapsedMs: performance.now() - this.#at,
      pendingBefore: this.#pending,
      pendingAfter: this.#pendingRows(),
      utilization: performance.eventLoopUtilization(this.#loop).utilization,
    };
  }
}
