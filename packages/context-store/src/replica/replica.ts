import path from 'node:path';

import { LogStore } from '@fastpaca/log-storage';
import {
  groupId,
  RaftHost,
  type GroupId,
  type GroupStatus,
  type GroupTiming,
  type HostLimits,
  type HostObserver,
  type MemberChange,
  type NewGroup,
  type NodeId,
  type ProposeOutcome,
  type ReadOutcome,
  type Term,
  type Transport,
} from '@fastpaca/raft-core';

import { ArchiveReader } from '../archive/archive-reader.js';
import { ContextCache } from '../cache/context-cache.js';
import { noFacts, type ClusterFacts, type FactsResult } from '../cluster/facts.js';
import { storeDirectory } from '../cluster/node-file.js';
import { SystemMachine } from '../cluster/system-machine.js';
import type { CommandResult } from '../state/change.js';
import { GroupMachine, type ChangeListener } from '../state/group-machine.js';
import type { StoreObserver } from '../store-events.js';
import { defaultDeadlineMs, type ContextStoreOptions } from '../store-options.js';
import { awaitLeaders } from './open-groups.js';
import { readinessOf, statusOf, type Readiness, type ReplicaStatus } from './replica-status.js';
import { inSpan } from '../tracing/in-span.js';

/**
 * A command of 8 MiB of JSON grows by its outlines. What waits is bounded in bytes, and staged state
 * by a multiple of that, so that a burst of large appends is refused before it fills the stage.
 */
const limits: Partial<HostLimits> = {
  maxEntryBytes: 16 << 20,
  maxUncommittedBytes: 32 << 20,
  maxPendingBytes: 64 << 20,
};
/**
 * Five heartbeats in an election timeout. Links tell at once when a node is gone, so heartbeats need not be
 * frequent, and 257 groups of an idle node cost what their heartbeats cost.
 */
const timing: Partial<GroupTiming> = { heartbeatMs: 200, electionTimeoutMs: 1_000 };
/**
 * A start reads what the logs of all groups hold: 256 KiB for each of 256 groups is a fraction of a second. Where
 * there are followers, 512 entries stay for them whatever their size.
 */
const compaction = { bytes: 256 << 10 };
const maximumStagedBytes = 256 << 20;
/**
 * Each append changes the record of its context and the header of its group; staged for half a second they are
 * written once for several appends. A crash costs the start as much repetition of the log.
 */
const staged = { delayMs: 500, bytes: 8 << 20 };
const defaultCacheBytes = 64 << 20;

export interface ReplicaOptions {
  readonly store: ContextStoreOptions;
  readonly self: NodeId;
  /** Context groups of the whole cluster. */
  readonly groups: number;
  /** Default: none, this node is alone. */
  readonly transport?: Transport;
  readonly onChange: ChangeListener;
  /** This node's replica of a group follows another leader, or none, in this term. */
  readonly onLeader: (group: GroupId, leader: NodeId | null, term: Term) => void;
  /** The cluster's facts have changed. */
  readonly onFacts: () => void;
}

/** What a command of any group comes to. */
type Result = CommandResult | FactsResult;

/** The machines of this node's groups. */
class Machines {
  readonly contexts = new Map<GroupId, GroupMachine>();
  system: SystemMachine | null = null;
}

const changeDeadlineMs = 5_000;
const transferDeadlineMs = 2_000;

/**
 * This node's share of the replicated groups: storage, consensus, and the state of each group that has a
 * replica here. Which those are changes as the cluster moves them.
 */
export class Replica {
  /** Context groups of the whole cluster. */
  readonly groups: number;
  readonly self: NodeId;
  /** Its number follows those of the context groups. */
  readonly systemGroup: GroupId;
  /** What was trimmed from the replicas here; null: no archive. */
  readonly archive: ArchiveReader | null;
  readonly #machines: Machines;
  readonly #cache: ContextCache;
  readonly #store: LogStore;
  readonly #host: RaftHost<Result>;
  readonly #onChange: ChangeListener;
  #closed = false;

  private constructor(
    options: ReplicaOptions,
    store: LogStore,
    host: RaftHost<Result>,
    machines: Machines,
    cache: ContextCache,
  ) {
    this.groups = options.groups;
    this.self = options.self;
    this.systemGroup = groupId(options.groups);
    const { archive, deadlineMs = defaultDeadlineMs } = options.store;
    this.archive = archive === undefined ? null : new ArchiveReader(archive.adapter, deadlineMs);
    this.#store = store;
    this.#host = host;
    this.#machines = machines;
    this.#cache = cache;
    this.#onChange = options.onChange;
  }

  /** @throws LogStorageError, OpenError */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { directory, onFatal, observer } = options.store;
    const store = await LogStore.open(path.join(directory, storeDirectory), {
      maxStagedBytes: maximumStagedBytes,
      stagedDelay: { ms: staged.delayMs, bytes: staged.bytes },
      onFailure: onFatal,
      ...(observer?.onWrite && { onWrite: observer.onWrite }),
    });
    try {
      return await Replica.#openOn(store, options);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  static async #openOn(store: LogStore, options: ReplicaOptions): Promise<Replica> {
    const { cacheBytes, onFatal, raft, observer } = options.store;
    const cache = new ContextCache(cacheBytes ?? defaultCacheBytes);
    const machines = new Machines();
    const host = await RaftHost.open<Result>({
      nodeId: options.self,
      storage: store,
      ...(options.transport && { transport: options.transport }),
      stateMachine: (group) => {
        const space = store.keySpace(group);
        if (group === options.groups) {
          machines.system = new SystemMachine(space, options.onFacts);
          return machines.system;
        }
        const machine = new GroupMachine(space, cache, options.onChange);
        machines.contexts.set(group, machine);
        return machine;
      },
      onFatal,
      ...raft,
      compaction,
      stagedFlush: staged,
      timing: { ...timing, ...raft?.timing },
      limits: { ...limits, ...raft?.limits },
      observer: hostObserver(observer ?? {}, options.onLeader),
    });
    return new Replica(options, store, host, machines, cache);
  }

  /** What this node knows of the cluster's facts. */
  get facts(): ClusterFacts {
    return this.#machines.system?.facts ?? noFacts;
  }

  /** The groups of a new cluster, as all its founders make them. Those that exist are left alone. */
  async foundGroups(groups: readonly NewGroup[]): Promise<void> {
    await this.#host.createGroups(groups);
  }

  /** Empty replicas of groups that exist elsewhere: their leaders bring them their state. */
  async createReplicas(groups: readonly GroupId[]): Promise<void> {
    await this.#host.createGroups(groups.map((group) => ({ group, voters: [] })));
  }

  /** Removes a replica with its log and its state for good. */
  async destroyReplica(group: GroupId): Promise<void> {
    this.#machines.contexts.delete(group);
    await this.#host.destroyGroup(group);
    // It may hold contexts of the group, which another replica of it here must not find.
    this.#cache.clear();
    this.#onChange(null);
  }

  /** Waits until each group of this node has a leader. @throws OpenError `no_leader` */
  async awaitLeaders(): Promise<void> {
    await awaitLeaders(this.#host);
  }

  /** The context groups that have a replica here. */
  contextGroups(): readonly GroupId[] {
    return [...this.#machines.contexts.keys()];
  }

  /** The groups that this node leads and can change. */
  ledGroups(): readonly GroupStatus[] {
    return this.statuses().filter(({ role, ready }) => role === 'leader' && ready);
  }

  /** What consensus knows of all groups here. */
  statuses(): readonly GroupStatus[] {
    return this.#host.statuses();
  }

  /** Proposes a change of members of a group that is led here. True where it is committed. */
  async changeMembers(group: GroupId, changes: readonly MemberChange[]): Promise<boolean> {
    const outcome = await this.#host.changeMembership(group, { changes }, { deadlineMs: changeDeadlineMs });
    return outcome.kind === 'committed';
  }

  /** Hands the leadership of a group that is led here to another voter. True where it went. */
  async handOverTo(group: GroupId, to: NodeId): Promise<boolean> {
    const outcome = await this.#host.transferLeadership(group, to, { deadlineMs: transferDeadlineMs });
    return outcome.kind === 'transferred';
  }

  /** Adds a command to the log of the system group. `rejected`: certainly not; `unknown`: perhaps. */
  async proposeFacts(data: Uint8Array, deadlineMs: number): Promise<FactsResult | 'rejected' | 'unknown'> {
    const outcome = await this.#host.propose(this.systemGroup, data, { deadlineMs });
    if (outcome.kind !== 'committed') return outcome.kind;
    if (outcome.result.kind !== 'facts') throw new Error('The system group gave the result of another.');
    return outcome.result;
  }

  /** The state of a group, or null where it has no replica here. */
  machine(group: GroupId): GroupMachine | null {
    return this.#machines.contexts.get(group) ?? null;
  }

  /** What consensus knows of a group, or null where it has no replica here. */
  groupStatus(group: GroupId): GroupStatus | null {
    return this.#host.status(group);
  }

  /** Adds an encoded command to the log of a group, which this node must lead. Never rejects. */
  async proposeTo(
    group: GroupId,
    data: Uint8Array,
    deadlineMs: number,
  ): Promise<ProposeOutcome<CommandResult>> {
    const hop = { name: 'raft commit', attributes: { 'fastpaca.group': group } };
    const outcome = await inSpan(hop, () => this.#host.propose(group, data, { deadlineMs }));
    if (!isOfContexts(outcome)) throw new Error('A context group gave the result of the system group.');
    return outcome;
  }

  /**
   * Waits until this node's state of a group has everything that was acknowledged before the call, by
   * any node. Never rejects.
   */
  readIndex(group: GroupId, deadlineMs: number): Promise<ReadOutcome> {
    return this.#host.readIndex(group, { deadlineMs });
  }

  ready(): Readiness {
    if (this.#closed) return { ready: false, reason: 'The store is closed.' };
    const { failure } = this.#store;
    if (failure !== null) return { ready: false, reason: failure.message };
    return readinessOf(this.statuses());
  }

  status(): ReplicaStatus {
    const contexts = this.statuses().filter(({ group }) => group !== this.systemGroup);
    return statusOf(contexts, this.#store.stagedBytes(), this.#cache.bytes);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#host.close();
    await this.#store.close();
  }
}

function hostObserver(
  { onProposal, onApplied, onLeaderChange }: StoreObserver,
  onLeader: ReplicaOptions['onLeader'],
): HostObserver {
  return {
    ...(onProposal && {
      onProposal: (outcome, _reason, latencyMs) => {
        onProposal({ outcome, latencyMs });
      },
    }),
    ...(onApplied && {
      onApply: (_group, entries, latencyMs) => {
        onApplied({ entries, latencyMs });
      },
    }),
    onLeaderChange: (group, leader, term) => {
      onLeader(group, leader, term);
      onLeaderChange?.();
    },
  };
}

/** Told by the type alone: a copy for each append would say no more. */
const isOfContexts = (outcome: ProposeOutcome<Result>): outcome is ProposeOutcome<CommandResult> =>
  outcome.kind !== 'committed' || outcome.result.kind !== 'facts';
