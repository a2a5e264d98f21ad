import type { ArchiveRow } from '../archive-row.js';
import type { PendingContext } from '../archive-source.js';
import { afterFailure, noBackoff, type Backoff, type BackoffLimits } from './backoff.js';

/** A row that the archive refuses. Its context stands still before it; the row stays in the source. */
export interface ParkedRow {
  readonly contextId: string;
  readonly life: string;
  readonly seq: number;
  readonly reason: string;
  readonly retry: Backoff;
}

/**
 * The refused rows that are known, at most `limit`, one for each context: the first. When it is full, the
 * one that would be tried next makes room. It is then tried earlier than it would be: that costs work and
 * loses nothing, since the source has every row.
 */
export class Parking {
  readonly #rows = new Map<string, ParkedRow>();
  readonly #limit: number;
  readonly #retry: BackoffLimits;

  constructor(limit: number, retry: BackoffLimits) {
    this.#limit = limit;
    this.#retry = retry;
  }

  get size(): number {
    return this.#rows.size;
  }

  list(): readonly ParkedRow[] {
    return [...this.#rows.values()];
  }

  /** The last seq of a context that is worth reading now. */
  readableTo(context: PendingContext, now: number): number {
    const parked = this.#rows.get(keyOf(context));
    if (parked === undefined || parked.retry.until <= now) return context.lastSeq;
    return Math.min(context.lastSeq, parked.seq - 1);
  }

  /** `known`: the row was parked before. */
  park(
    row: ArchiveRow,
    reason: string,
    now: number,
    random: number,
  ): { readonly parked: ParkedRow; readonly known: boolean } {
    const key = keyOf(row);
    const before = this.#rows.get(key);
    const known = before?.seq === row.seq;
    const retry = afterFailure(known ? before.retry : noBackoff, this.#retry, now, random);
    if (before === undefined && this.#rows.size >= this.#limit) this.#makeRoom();
    const { contextId, life, seq } = row;
    const parked = { contextId, life, seq, reason, retry };
    this.#rows.set(key, parked);
    return { parked, known };
  }

  /** Forgets the context's parked row once the archive has it. */
  archived(context: { readonly contextId: string; readonly life: string; readonly seq: number }): void {
    const key = keyOf(context);
    const parked = this.#rows.get(key);
    if (parked !== undefined && parked.seq <= context.seq) this.#rows.delete(key);
  }

  /** Forgets contexts that a whole round has not met: erased, or another node's. */
  keepOnly(met: ReadonlySet<string>): void {
    for (const key of this.#rows.keys()) if (!met.has(key)) this.#rows.delete(key);
  }

  has(context: { readonly contextId: string; readonly life: string }): boolean {
    return this.#rows.has(keyOf(context));
  }

  #makeRoom(): void {
    let next: string | null = null;
    let earliest = Infinity;
    for (const [key, { retry }] of this.#rows) {
      if (retry.until >= earliest) continue;
      earliest = retry.until;
      next = key;
    }
    if (next !== null) this.#rows.delete(next);
  }
}

/** No life has a line break, and a context is told from another by its life. */
export function keyOf({ contextId, life }: { readonly contextId: string; readonly life: string }): string {
  return `${life}\n${contextId}`;
}
