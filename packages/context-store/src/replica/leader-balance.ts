import type { GroupStatus, NodeId } from '@fastpaca/raft-core';

import type { ClusterFacts } from '../cluster/facts.js';
import { isClose } from '../placement/next-step.js';
import { preferredLeaders } from '../placement/preferred-leaders.js';
import type { Replica } from './replica.js';

export interface BalanceOptions {
  readonly replica: Pick<Replica, 'self' | 'systemGroup' | 'handOverTo'>;
  readonly facts: () => ClusterFacts;
  /** Nodes that are here and can lead. */
  readonly able: () => ReadonlySet<NodeId>;
  /** Handed over in one pass: each stands still for a round trip. */
  readonly perPass: number;
}

/** Hands the groups that another node should lead to that node, a few at a time. */
export class LeaderBalance {
  readonly #options: BalanceOptions;
  #basis = '';
  #preferred: readonly (NodeId | null)[] = [];

  constructor(options: BalanceOptions) {
    this.#options = options;
  }

  /** @param led the groups that this node leads */
  run(led: readonly GroupStatus[]): void {
    const { replica, perPass } = this.#options;
    const preferred = this.#leaders();
    let handed = 0;
    for (const status of led) {
      const { group, conf } = status;
      const to = preferred[group] ?? null;
      if (handed >= perPass) return;
      if (group === replica.systemGroup) continue;
      if (to === null || to === replica.self || !conf.voters.includes(to) || !isClose(status, to)) continue;
      handed += 1;
      void replica.handOverTo(group, to);
    }
  }

  #leaders(): readonly (NodeId | null)[] {
    const { facts, able } = this.#options;
    const { revision, placement } = facts();
    const nodes = able();
    const basis = `${revision}:${[...nodes].sort().join(',')}`;
    if (basis !== this.#basis) {
      this.#basis = basis;
      this.#preferred = preferredLeaders(placement, nodes);
    }
    return this.#preferred;
  }
}
