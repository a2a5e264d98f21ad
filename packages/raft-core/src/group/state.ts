import { logIndex } from '../ids.js';
import type { LogIndex, NodeId, Term } from '../ids.js';
import type { ConfState, Entry } from '../log/entry.js';
import { RaftLog } from '../log/raft-log.js';
import { ConfLog } from '../membership/conf-log.js';
import { members } from '../membership/conf-state.js';
import type { HeartbeatResponse, SnapshotChunk, SnapshotPosition } from '../message/message.js';
import type { StoredGroup } from '../storage/storage.js';
import type { Role } from '../host/status.js';
import type { GroupOptions } from './options.js';
import { Outbox } from './outbox.js';
import { ProgressTable } from './progress-table.js';
import { Uncommitted } from './uncommitted.js';

/** How a group starts: what storage holds, and how far its state machine is. */
export interface GroupStart {
  readonly stored: Extract<StoredGroup, { status: 'healthy' }>;
  /** The last index that the state machine reflects. */
  readonly applied: LogIndex;
  /**
   * - `none`: the ordinary case.
   * - `state`: the state machine is lost, the log is whole: votes, but asks for a snapshot.
   * - `log`: the log is lost: neither votes nor campaigns until it has caught up.
   */
  readonly lost: 'none' | 'state' | 'log';
}

/** A snapshot that is being received. */
export interface Install {
  /** Names the transfer: leader, term and id. */
  readonly key: string;
  readonly id: number;
  readonly leader: NodeId;
  readonly position: SnapshotPosition;
  readonly voteFrom: LogIndex;
  /** Bytes taken so far. */
  offset: number;
  /** Bytes of the chunk that was fed to the host and is not taken yet; null where none is. */
  feeding: number | null;
  /** The last chunk is in. */
  complete: boolean;
  /** The last chunk, held back until the log begins at the snapshot, durably: with the write `seq`. */
  last: { readonly data: Uint8Array; seq: number | null } | null;
}

/**
 * Everything a group is, in one place. The modules beside this one change it, one per concern; each
 * is deterministic: the same inputs in the same order give the same outputs.
 */
export class GroupState {
  readonly options: GroupOptions;
  readonly self: NodeId;
  readonly incarnation: string;
  readonly log: RaftLog;
  readonly confs: ConfLog;
  readonly out = new Outbox();
  /** The reading of the clock that came with the latest input. */
  now: number;
  term: Term;
  vote: NodeId | null;
  role: Role = 'follower';
  leader: NodeId | null = null;
  /** When a leader was heard last; voters stay loyal for an election timeout from here. */
  leaderHeardAt = -Infinity;
  electionDeadline = 0;
  /** Until then no leader is known to be there, so elections follow each other soon. */
  hurriedUntil = -Infinity;
  heartbeatDeadline = Infinity;
  /** What a heartbeat was answered with last. */
  beatAnswer: HeartbeatResponse | null = null;
  voteFrom: LogIndex;
  /** Only a snapshot helps; what is lost. */
  lost: GroupStart['lost'];
  install: Install | null = null;
  /** Meta must be written with the next persist, even alone. */
  metaDirty = false;
  resetPending = false;
  persistedCommit: LogIndex;
  persistSeq = 0;
  /** The own vote counts when the write that holds it is durable. */
  ownVote: { readonly term: Term; seq: number | null } | null = null;
  votes = new Map<NodeId, boolean>();
  forceVotes = false;
  /** Of a leader: every node that gets the log, itself excluded. */
  readonly progress = new ProgressTable();
  /** Of a leader: the index of the first entry of its term. */
  termStart: LogIndex = logIndex(0);
  /** Of a leader. */
  readonly uncommitted = new Uncommitted();
  transfer: { readonly to: NodeId; readonly deadline: number; sent: boolean } | null = null;
  snapshotIds = 0;
  /** Heartbeat rounds of this leadership. */
  round = 0;
  /** Reads that no round covers yet, then reads by the round that will prove them. */
  reads: PendingRead[] = [];
  rounds: { readonly round: number; readonly index: LogIndex; readonly reads: readonly PendingRead[] }[] = [];
  /** Random, of this process: answers to an earlier one are told from answers to this. */
  readonly session: number;
  /** Of a replica that lost its log: who has told this process what the newest term is. */
  readonly heardTerms = new Set<NodeId>();
  /** Of such a replica: the first chunk of a snapshot, until it knows the terms of the other voters. */
  heldChunk: SnapshotChunk | null = null;
  /** A follower's request to its leader. */
  readRequest: {
    readonly id: number;
    readonly reads: readonly PendingRead[];
    readonly sentAt: number;
  } | null = null;
  readIds = 0;
  /** Entries that storage read for `apply`, in place of the cache. */
  applyRead: readonly Entry[] | null = null;
  applyReadPending = false;

  #peersOf: ConfState | null = null;
  #hasPeers = false;

  constructor(options: GroupOptions, start: GroupStart, now: number) {
    const { stored } = start;
    this.options = options;
    this.self = options.self;
    this.incarnation = stored.meta.incarnation;
    const { compacted, hardState } = stored.meta;
    // A lost state machine reflects nothing; it stays at the compacted index until a snapshot comes.
    const applied = start.lost === 'none' ? start.applied : compacted.index;
    const commit = logIndex(Math.max(hardState.commit, applied, compacted.index));
    this.log = new RaftLog({ ...stored, compacted, commit, applied });
    this.confs = new ConfLog(stored.meta.confIndex, stored.meta.conf, stored.configEntries);
    this.now = now;
    this.term = stored.meta.hardState.term;
    this.vote = stored.meta.hardState.vote;
    this.voteFrom = stored.meta.voteFrom;
    this.lost = start.lost;
    this.persistedCommit = stored.meta.hardState.commit;
    this.session = Math.floor(options.random() * 0x1_0000_0000);
  }

  get limits(): GroupOptions['limits'] {
    return this.options.limits;
  }

  get heartbeatMs(): number {
    return this.options.timing.heartbeatMs;
  }

  get electionTimeoutMs(): number {
    return this.options.timing.electionTimeoutMs;
  }

  /** Whether other replicas get the log. Asked on every write, so the answer is kept with its configuration. */
  get hasPeers(): boolean {
    const conf = this.confs.current;
    if (this.#peersOf !== conf) {
      this.#peersOf = conf;
      this.#hasPeers = members(conf).some((node) => node !== this.self);
    }
    return this.#hasPeers;
  }

  /** May this replica vote: its log holds everything it may ever have acknowledged. */
  get mayVote(): boolean {
    return this.lost !== 'log' && this.log.stable >= this.voteFrom;
  }
}

/** A read that waits on a leader: of this node, or of a follower that asked. */
export type PendingRead =
  | { readonly kind: 'local'; readonly id: number }
  | { readonly kind: 'remote'; readonly from: NodeId; readonly session: number; readonly id: number };
