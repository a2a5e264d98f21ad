import type { ConfState } from '../log/entry.js';
import type { GroupId, LogIndex, NodeId, Term } from '../ids.js';

export type Role = 'leader' | 'follower' | 'candidate' | 'pre_candidate';

/** `damaged`: the log or the state machine here is gone; the replica waits for a snapshot. */
export type Health = 'healthy' | 'damaged' | 'installing_snapshot';

/** What a leader knows of another replica. */
export interface PeerStatus {
  readonly node: NodeId;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly match: LogIndex;
  /** Milliseconds since its last answer. */
  readonly silentMs: number;
}

export interface GroupStatus {
  readonly group: GroupId;
  readonly role: Role;
  readonly health: Health;
  readonly term: Term;
  readonly leader: NodeId | null;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly lastIndex: LogIndex;
  /** Entries up to here are gone from the log. */
  readonly compactedIndex: LogIndex;
  /** True for a leader that has committed an entry of its term: it answers reads and proposals. */
  readonly ready: boolean;
  readonly conf: ConfState;
  /** Whether `conf`, the newest in the log, is committed: nothing takes it back. */
  readonly confCommitted: boolean;
  readonly incarnation: string;
  /** Empty unless this node leads. */
  readonly peers: readonly PeerStatus[];
  /** Why it is damaged, for an operator. */
  readonly reason: string | null;
  readonly pendingProposals: number;
}
