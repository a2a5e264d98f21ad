import type { ConfState, Entry } from '../log/entry.js';
import type { GroupId, LogIndex, NodeId, Term } from '../ids.js';

/** What every message carries. `term` is the sender's term when it sent the message. */
export interface MessageBase {
  readonly group: GroupId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/**
 * Asks for a vote in `term`, or with `pre` whether one would be given in `term + 1` (PreVote, thesis
 * 9.6): a pre-vote changes no state on either side.
 */
export interface VoteRequest extends MessageBase {
  readonly type: 'vote_request';
  readonly pre: boolean;
  /** Leadership transfer: overrides the voter's loyalty to a leader it still hears (thesis 3.10). */
  readonly force: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Of the asking process: comes back with the answer. */
  readonly session: number;
}

export interface VoteResponse extends MessageBase {
  readonly type: 'vote_response';
  readonly pre: boolean;
  readonly granted: boolean;
  /** The `term` of the request, so that an answer to an earlier one is not counted. */
  readonly requestTerm: Term;
  /** Of the request: an answer to an earlier process of that node is told from one to this. */
  readonly session: number;
}

export interface Append extends MessageBase {
  readonly type: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

/** What became of an `append`. */
export type AppendOutcome =
  /** The log equals the leader's up to `index`, durably. */
  | { readonly kind: 'accepted'; readonly index: LogIndex }
  /**
   * No entry of `prevTerm` at `prevIndex`. The hint is the last entry here that may match: the
   * largest index up to `prevIndex` with a term of at most `prevTerm` (section 5.3, fast back-off).
   */
  | {
      readonly kind: 'conflict';
      readonly prevIndex: LogIndex;
      readonly hintIndex: LogIndex;
      readonly hintTerm: Term;
    }
  /** The state machine or the log here is gone: only a snapshot helps, of this index or a later one. */
  | { readonly kind: 'needs_snapshot'; readonly atLeast: LogIndex };

export interface AppendResponse extends MessageBase {
  readonly type: 'append_response';
  readonly incarnation: string;
  readonly outcome: AppendOutcome;
}

/** `commit` never exceeds what the leader knows the receiver to hold. */
export interface Heartbeat extends MessageBase {
  readonly type: 'heartbeat';
  readonly commit: LogIndex;
  /** Echoed; grows with each round, so an acknowledgement proves what it was asked for (ReadIndex). */
  readonly round: number;
}

export interface HeartbeatResponse extends MessageBase {
  readonly type: 'heartbeat_response';
  readonly round: number;
  readonly incarnation: string;
}

/** Tells a follower that holds `commit` that it is committed, without asking for an answer. */
export interface CommitNotice extends MessageBase {
  readonly type: 'commit_notice';
  readonly commit: LogIndex;
}

/** A follower asks for a linearizable read point. `session` is drawn per replica start. */
export interface ReadRequest extends MessageBase {
  readonly type: 'read_request';
  readonly session: number;
  readonly id: number;
}

export interface ReadResponse extends MessageBase {
  readonly type: 'read_response';
  readonly session: number;
  readonly id: number;
  readonly index: LogIndex;
}

/** The receiver shall campaign at once: leadership is handed to it. */
export interface TimeoutNow extends MessageBase {
  readonly type: 'timeout_now';
}

export interface SnapshotPosition {
  readonly index: LogIndex;
  readonly term: Term;
  readonly conf: ConfState;
}

/** One piece of a snapshot. `(term, id)` names the transfer: a leader never reuses an id in a term. */
export interface SnapshotChunk extends MessageBase {
  readonly type: 'snapshot_chunk';
  readonly id: number;
  readonly position: SnapshotPosition;
  /** Byte offset of `data` in the whole snapshot. */
  readonly offset: number;
  readonly data: Uint8Array;
  readonly done: boolean;
  /** The leader's last index: what a replica that lost its log must reach before it votes again. */
  readonly lastIndex: LogIndex;
}

/** The receiver has taken everything before `offset` of transfer `id`, or wants it sent from there. */
export interface SnapshotResponse extends MessageBase {
  readonly type: 'snapshot_response';
  readonly id: number;
  readonly offset: number;
}

export type Message =
  | VoteRequest
  | VoteResponse
  | Append
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | CommitNotice
  | ReadRequest
  | ReadResponse
  | TimeoutNow
  | SnapshotChunk
  | SnapshotResponse;
