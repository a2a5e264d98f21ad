import type { PendingSummary } from '../plan/pending-tally.js';
import type { ParkedRow } from '../plan/parking.js';

/** Hooks for metrics and logs. All optional, called synchronously: they must be cheap and not throw. */
export interface ArchiverObserver {
  /** A batch goes to the archive. */
  onAttempt?(batch: { readonly rows: number; readonly bytes: number }): void;
  /** It was written; rows that were there before are not counted. `durationMs` is that of the write. */
  onWritten?(batch: { readonly rows: number; readonly bytes: number; readonly durationMs: number }): void;
  /** A round has looked at everything that waits; what it has archived itself is not counted. */
  onPending?(pending: PendingSummary): void;
  /** The archive refuses a row. `first` is false where it was known to. */
  onRefused?(row: ParkedRow, first: boolean): void;
  /** A round, or an erasure, failed and is tried again after `retryInMs`. */
  onFailure?(failure: {
    readonly of: 'archive' | 'source';
    readonly error: Error;
    readonly retryInMs: number;
  }): void;
  /** Rows of a life are gone from the archive. */
  onErased?(erasure: { readonly contextId: string; readonly life: string }): void;
}
