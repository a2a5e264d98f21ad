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
  type Transport,
} from '@fastpaca/raft-core';

import { ContextCache } from '../cache/context-cache.js';
import { storeDirectory } from '../cluster/node-file.js';
import { encodeCommand } from '../command/command-codec.js';
import type { Command } from '../command/command.js';
import type { ContextId } from '../context/context-id.js';
import { groupOf } from '../group/group-of.js';
import type { CommandResult } from '../state/change.js';
import { GroupMachine, type ChangeListener } from '../state/group-machine.js';
import { StoreError } from '../store-error.js';
import type { StoreObserver } from '../store-events.js';
import type { ContextStoreOptions } from '../store-options.js';
import { awaitLeaders } from './open-groups.js';
import { rejectionError, unknownOutcome } from './outcome-errors.js';
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
      observer: hostObserver(observer ?? {}),
    });
    return new Replica(options, store, host, machines, cache);
  }

  /** Makes the groups of a node that is alone, where they are not there, and waits until each leads. */
  async lead(): Promise<void> {
    const groups = Array.from({ length: this.groups }, (_, index) => groupId(index));
    await this.#host.createGroups(groups.map((group) => ({ group, voters: [this.self] })));
    await awaitLeaders(this.#host);
  }

  groupOf(id: ContextId): GroupId {
    return groupId(groupOf(id, this.groups));
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

  /**
   * The state that holds a context, whether the context exists or not.
   * @throws StoreError `unavailable` where it has no replica here
   */
  machineOf(id: ContextId): GroupMachine {
    return this.#held(this.groupOf(id));
  }

  /**
   * Replicates a command and returns what it came to.
   * @throws StoreError `unavailable`, `overloaded`, `message_too_large`: certainly nothing happened;
   *   `outcome_unknown`
   */
  async propose(command: Command, deadlineMs: number): Promise<CommandResult> {
    const outcome = await this.proposeTo(this.groupOf(command.id), encodeCommand(command), deadlineMs);
    switch (outcome.kind) {
      case 'committed':
        return outcome.result;
      case 'rejected':
        throw rejectionError(outcome.reason);
      case 'unknown':
        throw unknownOutcome(outcome.reason);
    }
  }

  /**
   * Waits until this node's state of the context's group has everything that was acknowledged
   * before the call, by any node.
   * @throws StoreError `unavailable`
   */
  async readPoint(id: ContextId, deadlineMs: number): Promise<GroupMachine> {
    return this.#readPoint(this.groupOf(id), deadlineMs);
  }

  /** `readPoint` of every group. */
  async readPoints(deadlineMs: number): Promise<readonly GroupMachine[]> {
    const groups = Array.from({ length: this.groups }, (_, index) => groupId(index));
    return Promise.all(groups.map((group) => this.#readPoint(group, deadlineMs)));
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

  async #readPoint(group: GroupId, deadlineMs: number): Promise<GroupMachine> {
    const outcome = await this.readIndex(group, deadlineMs);
    if (outcome.kind === 'ready') return this.#held(group);
    throw new StoreError('unavailable', `The context cannot be read now (${outcome.reason}). Retry.`);
  }

  #held(group: GroupId): GroupMachine {
    const machine = this.machine(group);
    if (machine !== null) return machine;
    throw new StoreError('unavailable', `Group ${group} has no replica on this node. Ask another node.`);
  }
}

function hostObserver({ onProposal, onApplied, onLeaderChange }: StoreObserver): HostObserver {
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
    ...(onLeaderChange && {
      onLeaderChange: () => {
        onLeaderChange();
      },
    }),
  };
}
