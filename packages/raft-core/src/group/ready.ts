import type { Entry } from '../log/entry.js';
import type { Brand, LogIndex, NodeId, Term } from '../ids.js';
import type { Message, SnapshotPosition } from '../message/message.js';
import type { GroupWrite } from '../storage/storage.js';

/** A read point was found: answer the reads once `index` is applied here. */
export interface ReadState {
  readonly index: LogIndex;
  readonly reads: readonly number[];
}

/** Entries that are no longer in memory. Answer with `entriesRead`. */
export interface EntryRead {
  readonly purpose: { readonly kind: 'apply' } | { readonly kind: 'replicate'; readonly to: NodeId };
  readonly from: LogIndex;
  readonly to: LogIndex;
  readonly maxBytes: number;
}

/** What the host is to do about snapshots. */
export type SnapshotCommand =
  /** Supply the chunk of transfer `id` at `offset` with `snapshotChunk`; offset 0 may open a new source. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly id: number; readonly offset: number }
  /** The transfer is over or given up: release its source. */
  | { readonly kind: 'stop_sending'; readonly to: NodeId; readonly id: number }
  /** Start `restore` with the chunks that follow; abort one that runs. */
  | { readonly kind: 'restore'; readonly key: string; readonly position: SnapshotPosition }
  /**
   * Feed to the running restore, then call `snapshotChunkTaken`; after the last, `snapshotRestored`. The
   * last is asked for once the log begins at the snapshot durably, so a restore must not end before it.
   */
  | { readonly kind: 'feed'; readonly key: string; readonly data: Uint8Array; readonly done: boolean };

/** What one turn of a group asks of its host. Everything in it may be done before anything is durable. */
export interface Ready {
  /** May be sent at once: none of them promises anything that is not durable yet. */
  readonly messagesNow: readonly Message[];
  /** Committed and durable here, in order, not handed out before. Answer with `applied`. */
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  readonly entryReads: readonly EntryRead[];
  readonly snapshots: readonly SnapshotCommand[];
  /** Something waits for company: take `ready` once more in the next turn, whatever comes until then. */
  readonly again: boolean;
}

/** Names a write when it has completed: its place in the order of those that the group handed out. */
export type PersistToken = Brand<number, 'PersistToken'>;

/** @internal */
export function persistToken(seq: number): PersistToken {
  return seq as PersistToken;
}

/**
 * The durable half of a group's output. Durability is in the type: the messages in here may leave
 * only after `write`, and everything handed out before it, is on stable storage.
 */
export interface Persist {
  readonly token: PersistToken;
  /** Null where only messages wait: they may leave once earlier writes are durable. */
  readonly write: GroupWrite | null;
  /** Votes, acknowledgements, requests for votes. */
  readonly messagesAfterSync: readonly Message[];
  /** Bytes of the entries in `write`. */
  readonly bytes: number;
}

export type ProposeRejection =
  'not_leader' | 'transferring' | 'overloaded' | 'too_large' | 'conf_change_pending' | 'invalid_conf_change';

export type ProposeResult =
  | { readonly kind: 'appended'; readonly index: LogIndex; readonly term: Term }
  | { readonly kind: 'rejected'; readonly reason: ProposeRejection };
