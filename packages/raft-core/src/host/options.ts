import type { RaftError } from '../errors.js';
import type { GroupId, NodeId } from '../ids.js';
import type { GroupLimits, GroupTiming } from '../group/options.js';
import type { RaftStorage } from '../storage/storage.js';
import type { StateMachine } from '../state-machine/state-machine.js';
import type { Transport } from '../transport/transport.js';
import type { Clock } from './clock.js';
import type { HostObserver } from './observer.js';

export interface HostLimits extends GroupLimits {
  /** Proposals of all groups that wait for their outcome; further ones are `overloaded`. */
  readonly maxPendingProposals: number;
  readonly maxPendingBytes: number;
  /** Bytes of entries in one storage batch. A larger write of a single group goes alone. */
  readonly maxBatchBytes: number;
  /** Inbound messages waiting to be stepped; further ones are dropped, as a network would. */
  readonly maxInboxMessages: number;
  readonly maxInboxBytes: number;
  /** Elections of groups with several voters that one timer pass may start. */
  readonly maxCampaignsPerTick: number;
  /** Bytes of one snapshot chunk on the wire. */
  readonly maxChunkBytes: number;
  /** Snapshots read from state machines at once. */
  readonly maxSnapshotSources: number;
}

export interface CompactionOptions {
  /** A group's log is compacted once this many of its entries are applied and durable. */
  readonly entries: number;
  /** …or this many bytes of entries. */
  readonly bytes: number;
  /** Entries kept for slow followers when a group has other replicas. */
  readonly retain: number;
}

export interface StagedFlushOptions {
  /** State that was staged and that no write took along is flushed after this time. */
  readonly delayMs: number;
  /** …or at once when it has this many bytes. */
  readonly bytes: number;
}

export interface RaftHostOptions<Result> {
  readonly nodeId: NodeId;
  readonly storage: RaftStorage;
  /** Default: none; every group must then have this node as its only voter. */
  readonly transport?: Transport;
  readonly stateMachine: (group: GroupId) => StateMachine<Result>;
  /** For jitter and incarnation ids. Default: drawn from the platform's secure source. */
  readonly seed?: number;
  /** Default: the monotonic clock and the timers of the platform. */
  readonly clock?: Clock;
  readonly timing?: Partial<GroupTiming>;
  readonly limits?: Partial<HostLimits>;
  readonly compaction?: Partial<CompactionOptions>;
  readonly stagedFlush?: Partial<StagedFlushOptions>;
  /**
   * Called once, when the storage or a state machine failed. The host answers nothing more; the
   * process should exit: what a store says after an error cannot be trusted.
   */
  readonly onFatal: (error: RaftError) => void;
  readonly observer?: HostObserver;
}
