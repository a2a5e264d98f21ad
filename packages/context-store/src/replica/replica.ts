import { LogStore } from '@fastpaca/log-storage';
import { groupId, nodeId, RaftHost, type HostLimits, type HostObserver } from '@fastpaca/raft-core';

import { ContextCache } from '../cache/context-cache.js';
import { encodeCommand } from '../command/command-codec.js';
import type { Command } from '../command/command.js';
import type { ContextId } from '../context/context-id.js';
import { defaultGroupCount, groupOf } from '../group/group-of.js';
import type { CommandResult } from '../state/change.js';
import { GroupMachine, type ChangeListener } from '../state/group-machine.js';
import { StoreError } from '../store-error.js';
import type { StoreObserver } from '../store-events.js';
import type { ContextStoreOptions } from '../store-options.js';
import { awaitLeaders, checkDirectory } from './open-groups.js';
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

/** This node's share of the replicated groups: storage, consensus, and the state of each group. */
export class Replica {
  readonly machines: readonly GroupMachine[];
  readonly #cache: ContextCache;
  readonly #store: LogStore;
  readonly #host: RaftHost<CommandResult>;
  #closed = false;

  private constructor(
    store: LogStore,
    host: RaftHost<CommandResult>,
    machines: readonly GroupMachine[],
    cache: ContextCache,
  ) {
    this.#store = store;
    this.#host = host;
    this.machines = machines;
    this.#cache = cache;
  }

  /** @throws LogStorageError, OpenError */
  static async open(options: ContextStoreOptions, onChange: ChangeListener): Promise<Replica> {
    const { onFatal, observer } = options;
    const store = await LogStore.open(options.directory, {
      maxStagedBytes: maximumStagedBytes,
      onFailure: onFatal,
      ...(observer?.onWrite && { onWrite: observer.onWrite }),
    });
    try {
      return await Replica.#openOn(store, options, onChange);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  static async #openOn(
    store: LogStore,
    options: ContextStoreOptions,
    onChange: ChangeListener,
  ): Promise<Replica> {
    const self = nodeId(options.nodeId);
    const groups = Array.from({ length: options.groups ?? defaultGroupCount }, (_, index) => groupId(index));
    const cache = new ContextCache(options.cacheBytes ?? defaultCacheBytes);
    const machines = groups.map((group) => new GroupMachine(store.keySpace(group), cache, onChange));
    const host = await RaftHost.open<CommandResult>({
      nodeId: self,
      storage: store,
      stateMachine: (group) => machineAt(machines, group),
      onFatal: options.onFatal,
      ...options.raft,
      limits: { ...limits, ...options.raft?.limits },
      observer: hostObserver(options.observer ?? {}),
    });
    try {
      checkDirectory(host.statuses(), groups.length, self);
      await host.createGroups(groups.map((group) => ({ group, voters: [self] })));
      await awaitLeaders(host);
    } catch (error) {
      await host.close();
      throw error;
    }
    return new Replica(store, host, machines, cache);
  }

  /** The state that holds a context, whether the context exists or not. */
  machineOf(id: ContextId): GroupMachine {
    return machineAt(this.machines, groupOf(id, this.machines.length));
  }

  /**
   * Replicates a command and returns what it came to.
   * @throws StoreError `unavailable`, `overloaded`, `message_too_large`: certainly nothing happened;
   *   `outcome_unknown`
   */
  async propose(command: Command, deadlineMs: number): Promise<CommandResult> {
    const group = groupOf(command.id, this.machines.length);
    const outcome = await this.#host.propose(group, encodeCommand(command), { deadlineMs });
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
    const group = groupOf(id, this.machines.length);
    await this.#readPoint(group, deadlineMs);
    return machineAt(this.machines, group);
  }

  /** `readPoint` of every group. */
  async readPoints(deadlineMs: number): Promise<readonly GroupMachine[]> {
    await Promise.all(this.machines.map((_, group) => this.#readPoint(group, deadlineMs)));
    return this.machines;
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

  async #readPoint(group: number, deadlineMs: number): Promise<void> {
    const outcome = await this.#host.readIndex(groupId(group), { deadlineMs });
    if (outcome.kind === 'ready') return;
    throw new StoreError('unavailable', `The context cannot be read now (${outcome.reason}). Retry.`);
  }
}

function machineAt(machines: readonly GroupMachine[], group: number): GroupMachine {
  const machine = machines[group];
  if (machine === undefined) throw new Error(`There is no group ${group}.`);
  return machine;
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
