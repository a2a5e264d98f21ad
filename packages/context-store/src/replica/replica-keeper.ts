import type { GroupId, GroupStatus } from '@fastpaca/raft-core';

import type { ClusterFacts } from '../cluster/facts.js';
import type { Replica } from './replica.js';

export interface KeeperOptions {
  readonly replica: Pick<
    Replica,
    | 'self'
    | 'systemGroup'
    | 'machine'
    | 'groupStatus'
    | 'contextGroups'
    | 'createReplicas'
    | 'destroyReplica'
    | 'readIndex'
  >;
  readonly facts: () => ClusterFacts;
  /** Whether the leader of a group says that this node is committed not to be one of its members. */
  readonly isOut: (group: GroupId) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/** Replicas that are looked into for their removal in one pass. */
const perPass = 8;
const readDeadlineMs = 5_000;

/**
 * Makes the replicas that the facts place on this node, empty, and destroys those that it is no longer a
 * member of, with all they hold.
 *
 * A replica that goes too early is a voter that forgets what it acknowledged. So it goes only once it is
 * committed to be out of its group, the newest facts do not place it here, and nothing has come for it
 * since they were read: facts that place it here again are newer, and so is what they set off.
 */
export class ReplicaKeeper {
  readonly #options: KeeperOptions;
  #running = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Whether the replicas here are those that the facts place here. */
  get isSettled(): boolean {
    return this.#missing().length === 0 && this.#extra().length === 0;
  }

  /** To be called after every change, and now and then. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#createMissing();
      await this.#destroyExtra();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#running = false;
    }
  }

  async #createMissing(): Promise<void> {
    const missing = this.#missing();
    if (missing.length > 0) await this.#options.replica.createReplicas(missing);
  }

  async #destroyExtra(): Promise<void> {
    const { replica, facts, isOut } = this.#options;
    if (facts().clusterId === null) return;
    for (const group of this.#extra().slice(0, perPass)) {
      const before = replica.groupStatus(group);
      if (before === null || !(isRemoved(replica.self, before) || (await isOut(group)))) continue;
      const { kind } = await replica.readIndex(replica.systemGroup, readDeadlineMs);
      const after = replica.groupStatus(group);
      if (kind !== 'ready' || after === null || this.#isPlacedHere(group)) continue;
      if (isUntouched(before, after)) await replica.destroyReplica(group);
    }
  }

  #missing(): readonly GroupId[] {
    const { replica, facts } = this.#options;
    return facts()
      .placement.map((_, group) => group as GroupId)
      .filter((group) => this.#isPlacedHere(group) && replica.machine(group) === null);
  }

  #extra(): readonly GroupId[] {
    return this.#options.replica.contextGroups().filter((group) => !this.#isPlacedHere(group));
  }

  #isPlacedHere(group: GroupId): boolean {
    const { facts, replica } = this.#options;
    return facts().placement[group]?.includes(replica.self) === true;
  }
}

/** Whether this replica knows that it is committed not to be a member. */
function isRemoved(self: GroupStatus['leader'], { conf, confCommitted }: GroupStatus): boolean {
  if (self === null || !confCommitted || conf.voters.length === 0) return false;
  return ![...conf.voters, ...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext].includes(self);
}

const isUntouched = (a: GroupStatus, b: GroupStatus): boolean =>
  a.term === b.term && a.lastIndex === b.lastIndex && a.commit === b.commit && a.leader === b.leader;
