import type { GroupId, GroupStatus } from '@fastpaca/raft-core';

import type { ClusterFacts } from '../cluster/facts.js';
import { nextStep, type Step, type Target } from '../placement/next-step.js';
import type { Replica } from './replica.js';

export interface MoverOptions {
  readonly replica: Pick<Replica, 'self' | 'systemGroup' | 'changeMembers' | 'handOverTo'>;
  readonly facts: () => ClusterFacts;
  /** Groups whose new replica may be fetching its state from this node at one time. */
  readonly maximumMoves: number;
}

/**
 * Walks the groups that this node leads to where the facts place them, one step of one group at a time.
 * Few groups fetch state at once, so that a move of many does not take the disks and the network from
 * those who serve; the other steps are cheap.
 */
export class GroupMover {
  readonly #options: MoverOptions;
  readonly #underWay = new Set<GroupId>();
  #unsettled = 0;

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  /** Groups led here whose members are not what the facts say. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** @param led the groups that this node leads */
  run(led: readonly GroupStatus[]): void {
    const { replica, maximumMoves } = this.#options;
    let fetching = led.filter((status) => isFetching(status)).length;
    let unsettled = 0;
    for (const status of led) {
      const target = this.#target(status.group);
      if (target === null) continue;
      const step = nextStep(replica.self, status, target);
      if (step.kind !== 'settled') unsettled += 1;
      if (this.#underWay.has(status.group)) continue;
      if (startsFetch(step)) {
        // The system group is small, and a node that lacks it knows nothing.
        if (fetching >= maximumMoves && status.group !== replica.systemGroup) continue;
        fetching += 1;
      }
      this.#take(status.group, step);
    }
    this.#unsettled = unsettled;
  }

  #target(group: GroupId): Target | null {
    const { facts, replica } = this.#options;
    const { clusterId, nodes, voters, placement } = facts();
    if (clusterId === null) return null;
    if (group !== replica.systemGroup) {
      const replicas = placement[group];
      return replicas === undefined || replicas.length === 0 ? null : { voters: replicas, learners: [] };
    }
    const present = nodes.filter(({ standing }) => standing !== 'removed').map(({ id }) => id);
    return { voters, learners: present.filter((id) => !voters.includes(id)) };
  }

  #take(group: GroupId, step: Step): void {
    const { replica } = this.#options;
    switch (step.kind) {
      case 'settled':
      case 'wait':
        return;
      case 'change':
        this.#track(group, replica.changeMembers(group, step.changes));
        return;
      case 'hand_over':
        this.#track(group, replica.handOverTo(group, step.to));
        return;
    }
  }

  /** However it ends, the next pass sees where the group stands. */
  #track(group: GroupId, work: Promise<unknown>): void {
    this.#underWay.add(group);
    void work.finally(() => this.#underWay.delete(group));
  }
}

const startsFetch = (step: Step): boolean =>
  step.kind === 'change' && step.changes.some(({ kind }) => kind === 'add_learner');

/** A learner that answers and has not all yet. One that is dead must not keep others from moving. */
function isFetching({ conf, peers, commit }: GroupStatus): boolean {
  return peers.some(
    ({ node, match, silentMs }) => conf.learners.includes(node) && silentMs < 3_000 && match < commit,
  );
}
