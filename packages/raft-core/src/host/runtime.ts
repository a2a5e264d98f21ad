import type { Group } from '../group/group.js';
import type { GroupId, NodeId, Term } from '../ids.js';
import type { StateMachine } from '../state-machine/state-machine.js';
import { Proposals } from './proposals.js';
import { Reads } from './reads.js';
import type { SnapshotFeed } from './snapshot-feed.js';
import type { SnapshotReader } from './snapshot-source.js';
import type { GroupStatus, Role } from './status.js';

/** A group with everything that the host keeps for it. */
export class Runtime<Result> {
  readonly id: GroupId;
  readonly group: Group;
  readonly machine: StateMachine<Result>;
  // First what every turn looks at: it finds the memory of its group cold.
  /** In the queue of groups with something to do. */
  dirty = false;
  /** In the queue of groups with something to write. */
  writing = false;
  destroyed = false;
  /** What observers were told last. */
  seenRole: Role;
  seenLeader: NodeId | null;
  seenTerm: Term;
  /** Called after each turn of the group until it returns true. */
  watchers: (() => boolean)[] = [];
  readonly proposals = new Proposals<Result>();
  readonly reads = new Reads();
  /** Bytes of entries applied since the log was last compacted. */
  appliedBytes = 0;
  /** Why it cannot serve, for an operator; null where it can. */
  damage: string | null;
  /** Settles when nothing of the state machine runs: applies, copies and restores follow each other. */
  machineIdle: Promise<void> = Promise.resolve();
  /** While the state machine makes a copy: applies wait for it. */
  copying: Promise<unknown> | null = null;
  feed: SnapshotFeed | null = null;
  readonly readers = new Map<NodeId, SnapshotReader>();
  removedReported = false;

  constructor(id: GroupId, group: Group, machine: StateMachine<Result>, damage: string | null) {
    this.id = id;
    this.group = group;
    this.machine = machine;
    this.damage = damage;
    this.seenRole = group.role;
    this.seenLeader = group.leader;
    this.seenTerm = group.term;
  }

  /** When the ticker must look at it next. */
  dueAt(now: number): number {
    if (this.watchers.length > 0) return now;
    return Math.min(this.group.deadline, this.proposals.earliest, this.reads.earliest);
  }

  /** Whether it lacks its log or its state. */
  get isDamaged(): boolean {
    return this.group.lost !== 'none';
  }

  status(now: number): GroupStatus {
    const { group } = this;
    const health = group.installing ? 'installing_snapshot' : this.isDamaged ? 'damaged' : 'healthy';
    return {
      group: this.id,
      role: group.role,
      health,
      term: group.term,
      leader: group.leader,
      commit: group.commit,
      applied: group.applied,
      lastIndex: group.lastIndex,
      compactedIndex: group.compactedIndex,
      ready: group.leads,
      conf: group.conf,
      confCommitted: group.confCommitted,
      incarnation: group.incarnation,
      peers: group.peers(now),
      reason: this.isDamaged ? this.damage : null,
      pendingProposals: this.proposals.size,
    };
  }
}
