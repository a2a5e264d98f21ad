import type { PendingContext } from '../archive-source.js';

export interface ContextLag {
  readonly contextId: string;
  /** Messages that are not archived. */
  readonly rows: number;
}

/** What one look at all pending contexts has found. */
export interface PendingSummary {
  readonly contexts: number;
  readonly rows: number;
  /** When the oldest of them was appended, in milliseconds since 1970; null where none waits or none is known. */
  readonly oldestAt: number | null;
  /** The contexts with most rows, the most first, at most 100. */
  readonly largest: readonly ContextLag[];
}

const maximumLargest = 100;

export const nothingPending: PendingSummary = { contexts: 0, rows: 0, oldestAt: null, largest: [] };

/** Adds up what is left of each context, in constant memory. */
export class PendingTally {
  #contexts = 0;
  #rows = 0;
  #oldestAt: number | null = null;
  #largest: ContextLag[] = [];

  /** @param archivedSeq The watermark by now, which may be beyond that of `context`. */
  add(context: PendingContext, archivedSeq = context.archivedSeq, oldestAt = context.pendingSince): void {
    const rows = context.lastSeq - archivedSeq;
    if (rows <= 0) return;
    this.#contexts += 1;
    this.#rows += rows;
    if (oldestAt !== undefined && (this.#oldestAt === null || oldestAt < this.#oldestAt)) {
      this.#oldestAt = oldestAt;
    }
    this.#largest.push({ contextId: context.contextId, rows });
    // Sorted only now and then: a million contexts must not cost a million sorts.
    if (this.#largest.length >= 2 * maximumLargest) this.#largest = largestOf(this.#largest);
  }

  summary(): PendingSummary {
    return {
      contexts: this.#contexts,
      rows: this.#rows,
      oldestAt: this.#oldestAt,
      largest: largestOf(this.#largest),
    };
  }
}

function largestOf(lags: readonly ContextLag[]): ContextLag[] {
  return [...lags].sort((a, b) => b.rows - a.rows).slice(0, maximumLargest);
}
