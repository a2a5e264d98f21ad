import { setTimeout as delay } from 'node:timers/promises';

import type { GroupStatus, NodeId } from '@fastpaca/raft-core';

import { isClose } from '../placement/next-step.js';
import type { Replica } from './replica.js';

export interface HandOverOptions {
  readonly replica: Pick<Replica, 'self' | 'ledGroups' | 'handOverTo'>;
  /** Nodes that are here and can lead. */
  readonly able: () => ReadonlySet<NodeId>;
  readonly deadlineMs: number;
}

/** Handed over at one time. */
const atOnce = 32;
const pauseMs = 10;

/**
 * Hands every group that this node leads to another of its replicas, evenly, as far as there is one that
 * has the log. What is left at the deadline, or has no other replica, stays. Returns how many stay.
 */
export async function handOver(options: HandOverOptions): Promise<number> {
  const { replica, able, deadlineMs } = options;
  const end = performance.now() + deadlineMs;
  const given = new Map<NodeId, number>();
  for (;;) {
    const nodes = able();
    const movable = replica.ledGroups().flatMap((status) => {
      const heirs = heirsOf(status, replica.self, nodes);
      return heirs.length === 0 ? [] : [{ group: status.group, heirs }];
    });
    if (movable.length === 0 || performance.now() >= end) return replica.ledGroups().length;
    const handing = movable.slice(0, atOnce).map(({ group, heirs }) => {
      const [to] = [...heirs].sort((a, b) => (given.get(a) ?? 0) - (given.get(b) ?? 0));
      if (to === undefined) return Promise.resolve(false);
      given.set(to, (given.get(to) ?? 0) + 1);
      return replica.handOverTo(group, to);
    });
    await Promise.all(handing);
    await delay(pauseMs);
  }
}

function heirsOf(status: GroupStatus, self: NodeId, able: ReadonlySet<NodeId>): readonly NodeId[] {
  return status.conf.voters.filter((node) => node !== self && able.has(node) && isClose(status, node));
}
