import type { LogIndex, NodeId, Term } from '../ids.js';

/**
 * What an entry holds. `noop` is what a new leader appends so that something of its own term can
 * commit (section 5.4.2 of the Raft paper); only `normal` entries reach the state machine.
 */
export type EntryType = 'normal' | 'config' | 'noop';

/**
 * One position of the log. `data` is opaque; for `config` entries it is the whole encoded ConfState
 * that is in force from this entry on, so that no replica needs an earlier one to understand it.
 */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** What a replica must never forget: written before any message that depends on it is sent. */
export interface HardState {
  readonly term: Term;
  /** Who got this replica's vote in `term`. */
  readonly vote: NodeId | null;
  /** A lower bound of what is committed, never above the last entry; need not be synced by itself. */
  readonly commit: LogIndex;
}

/** Membership. In a joint configuration `votersOutgoing` is not empty and both majorities count. */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing configuration that become learners once the joint one is left. */
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

/** Where a term begins in the log: entries from `index` up to the next run have `term`. */
export interface TermRun {
  readonly index: LogIndex;
  readonly term: Term;
}
