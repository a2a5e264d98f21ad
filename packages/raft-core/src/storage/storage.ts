import type { ConfState, Entry, HardState, TermRun } from '../log/entry.js';
import type { GroupId, LogIndex, Term } from '../ids.js';

/**
 * What a group keeps beside its entries. Always written whole, in the same atomic batch as the
 * entries it speaks of: hashicorp/raft#661 shows the double vote that two writes allow.
 */
export interface GroupMeta {
  readonly hardState: HardState;
  /**
   * Membership as of `confIndex`: every config entry up to there is reflected. The core writes the
   * membership at `compacted.index`, so that the configuration at any later index can be derived.
   */
  readonly conf: ConfState;
  readonly confIndex: LogIndex;
  /** Drawn anew whenever this replica is created, so that a wiped one is told from the one it was. */
  readonly incarnation: string;
  /** The compacted prefix: entries up to `index` are gone and live in the state machine. */
  readonly compacted: { readonly index: LogIndex; readonly term: Term };
  /**
   * The replica neither votes nor campaigns before its log has reached this index. 0 for an ordinary
   * one. Raised when a replica that lost its log comes back: it may have acknowledged entries up to
   * here, and a majority may stand on that (Protocol-Aware Recovery, FAST'18).
   */
  readonly voteFrom: LogIndex;
}

/** A group as a storage found it when it was opened. */
export type StoredGroup =
  | {
      readonly status: 'healthy';
      readonly group: GroupId;
      readonly meta: GroupMeta;
      /** Equals `meta.compacted.index` when no entry is held. */
      readonly lastIndex: LogIndex;
      /** Terms of the entries held, first to last; the terms never decrease. */
      readonly termRuns: readonly TermRun[];
      /** Entries of type `config` after `meta.confIndex`, in order. */
      readonly configEntries: readonly Entry[];
    }
  | {
      /** The log cannot be trusted: this replica must neither vote nor acknowledge. */
      readonly status: 'damaged';
      readonly group: GroupId;
      /** What is damaged and what to do, for an operator. */
      readonly reason: string;
    };

/** One group's share of a batch, applied in the order of the fields. */
export interface GroupWrite {
  readonly group: GroupId;
  /** Removes every entry from here on. Atomic with `append`. */
  readonly truncateFrom?: LogIndex;
  /** Contiguous entries that follow the (truncated) log. */
  readonly append?: readonly Entry[];
  readonly meta?: GroupMeta;
  /**
   * Replaces the log by a snapshot's position: all entries go, `meta.compacted` is the new base.
   * Requires `meta`. Also what brings a damaged group back: afterwards it is healthy.
   */
  readonly reset?: boolean;
  /** Removes the group and everything it holds. */
  readonly destroy?: boolean;
}

/**
 * Where logs and hard state live. The host makes exactly one `write` at a time.
 *
 * The contract, checked by the suite in `@fastpaca/raft-core/testing`:
 * - A `write` is one atomic batch for all its groups: after a crash all of it is there or none.
 * - It resolves only after the batch is on stable storage.
 * - The first failed `write` is final: every later call rejects until the storage is opened anew
 *   (cockroachdb#37102; a write retried after a failed fsync may be acknowledged and gone).
 */
export interface RaftStorage {
  /** Reads and checks every group. Called once, before anything else. */
  open(): Promise<readonly StoredGroup[]>;
  /**
   * Writes one batch. May take along what state machines have staged in the same store; an empty list
   * makes all of that durable.
   */
  write(writes: readonly GroupWrite[]): Promise<void>;
  /** Bytes that state machines have staged and no `write` has taken yet. 0 where nothing stages. */
  stagedBytes(): number;
  /**
   * Entries from `from` up to and including `to`, in order, cut off once `maxBytes` are reached but
   * at least one. Rejects where `from` lies in the compacted prefix.
   */
  read(group: GroupId, from: LogIndex, to: LogIndex, maxBytes: number): Promise<readonly Entry[]>;
  close(): Promise<void>;
}
