import path from 'node:path';

import { LogStore } from '@fastpaca/log-storage';
import {
  groupId,
  RaftHost,
  type GroupId,
  type GroupStatus,
  type HostLimits,
  type HostObserver,
  type NodeId,
  type ProposeOutcome,
  type ReadOutcome,
  type Term,
  type Transport,
} from '@fastpaca/raft-core';

import { ContextCache } from '../cache/context-cache.js';
import { storeDirectory } from '../cluster/node-file.js';
import type { CommandResult } from '../state/change.js';
import { GroupMachine, type ChangeListener } from '../state/group-machine.js';
import type { StoreObserver } from '../store-events.js';
import type { ContextStoreOptions } from '../store-options.js';
import { awaitLeaders } from './open-groups.js';
import { readinessOf, statusOf, type Readiness, type ReplicaStatus } from './replica-status.js';

/**
 * A command of 8 MiB of JSON grows by its outlines. What waits is bounded in bytes, and staged state
 * by a multiple of that, so that a burst of large appends is refused before it fills the stage.
 */
const limits: Partial<HostLimits> = {
  maxEntryBytes: 16 << 20,
  maxUncommittedBytes: 32 << 20,
  maxPendingBytes: 64 << 20,
};
const maximumStagedBytes = 256 << 20;
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
}

/**
 * This node's share of the replicated groups: storage, consensus, and the state of each group that has a
 * replica here. Which those are changes as the cluster moves them.
 */
export class Replica {
  /** Context groups of the whole cluster. */
  readonly groups: number;
  readonly self: NodeId;
  readonly #machines: Map<GroupId, GroupMachine>;
  readonly #cache: ContextCache;
  readonly #store: LogStore;
  readonly #host: RaftHost<CommandResult>;
  #closed = false;

  private constructor(
    options: ReplicaOptions,
    store: LogStore,
    host: RaftHost<CommandResult>,
    machines: Map<GroupId, GroupMachine>,
    cache: ContextCache,
  ) {
    this.groups = options.groups;
    this.self = options.self;
    this.#store = store;
    this.#host = host;
    this.#machines = machines;
    this.#cache = cache;
  }

  /** @throws LogStorageError, OpenError */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { directory, onFatal, observer } = options.store;
    const store = await LogStore.open(path.join(directory, storeDirectory), {
      maxStagedBytes: maximumStagedBytes,
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
    const machines = new Map<GroupId, GroupMachine>();
    const host = await RaftHost.open<CommandResult>({
      nodeId: options.self,
      storage: store,
      ...(options.transport && { transport: options.transport }),
      stateMachine: (group) => {
        const machine = new GroupMachine(store.keySpace(group), cache, options.onChange);
        machines.set(group, machine);
        return machine;
      },
      onFatal,
      ...raft,
      limits: { ...limits, ...raft?.limits },
      observer: hostObserver(observer ?? {}, options.onLeader),
    });
    return new Replica(options, store, host, machines, cache);
  }

  /** Makes the groups of a node that is alone, where they are not there, and waits until each leads. */
  async lead(): Promise<void> {
    const groups = Array.from({ length: this.groups }, (_, index) => groupId(index));
    await this.#host.createGroups(groups.map((group) => ({ group, voters: [this.self] })));
    await awaitLeaders(this.#host);
  }

  /** The state of a group, or null where it has no replica here. */
  machine(group: GroupId): GroupMachine | null {
    return this.#machines.get(group) ?? null;
  }

  /** What consensus knows of a group, or null where it has no replica here. */
  groupStatus(group: GroupId): GroupStatus | null {
    return this.#host.status(group);
  }

  /** Adds an encoded command to the log of a group, which this node must lead. Never rejects. */
  proposeTo(group: GroupId, data: Uint8Array, deadlineMs: number): Promise<ProposeOutcome<CommandResult>> {
    return this.#host.propose(group, data, { deadlineMs });
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
    return readinessOf(this.#host.statuses());
  }

  status(): ReplicaStatus {
    return statusOf(this.#host.statuses(), this.#store.stagedBytes(), this.#cache.bytes);
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
