import type { ConfState } from '../log/entry.js';
import type { LogIndex, Term } from '../ids.js';

/** A committed entry as a state machine sees it. */
export interface CommittedEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly data: Uint8Array;
}

export interface SnapshotMeta {
  /** The snapshot reflects every entry up to here. */
  readonly index: LogIndex;
  readonly term: Term;
  readonly conf: ConfState;
}

/** A consistent copy of a state machine, read chunk by chunk. */
export interface SnapshotSource {
  /** The applied index that the copy reflects. */
  readonly index: LogIndex;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Releases what the copy holds on to. Safe to call twice. */
  release(): Promise<void>;
}

/**
 * What a group's log drives. Deterministic: the same entries give the same state and results on
 * every replica, whatever the clock or the machine. `apply` is total: a command that was committed
 * gets a result, never an exception, since an exception would repeat on every replica and restart.
 */
export interface StateMachine<Result> {
  /** Called once, first. Resolves to the index of the last entry that the durable state reflects. */
  open(): Promise<LogIndex>;
  /**
   * Applies entries in order and returns one result per entry. Never called again before it
   * settles. A rejection is fatal to the host: it stops.
   */
  apply(entries: readonly CommittedEntry[]): Promise<readonly Result[]> | readonly Result[];
  /**
   * The last index whose effects survive a crash. The log is compacted up to here at most. A state
   * machine that lives in memory returns the index of the snapshot it was last restored from.
   */
  durableIndex(): LogIndex;
  snapshot(): Promise<SnapshotSource>;
  /**
   * Replaces the state by a snapshot. Must be crash-safe: a half-restored state machine says so by
   * rejecting `open`, or by restoring its previous state, never by opening as if complete.
   */
  restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  close?(): Promise<void>;
}
