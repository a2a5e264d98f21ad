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
  #wanting = 0;
  #preferred: readonly (NodeId | null)[] = [];

  constructor(options: BalanceOptions) {
    this.#options = options;
  }

  /** Whether the last look found nothing that another node should lead. */
  get isSettled(): boolean {
    return this.#wanting === 0;
  }

  /** @param led the groups that this node leads */
  run(led: readonly GroupStatus[]): void {
    const { replica, perPass } = this.#options;
    const preferred = this.#leaders();
    const wanting = led.flatMap((status) => {
      const { group, conf } = status;
      const to = preferred[group] ?? null;
      if (group === replica.systemGroup || to === null || to === replica.self) return [];
      return conf.voters.includes(to) ? [{ status, to }] : [];
    });
    this.#wanting = wanting.length;
    const ready = wanting.filter(({ status, to }) => isClose(status, to));
    for (const { status, to } of ready.slice(0, perPass)) void replica.handOverTo(status.group, to);
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
