import type { GroupId, NodeId } from '@fastpaca/raft-core';

import { rendezvous } from './rendezvous.js';

export const replicasPerGroup = 3;

/**
 * - `able`: takes and keeps replicas.
 * - `reluctant`: draining, or dead for longer than the grace period: keeps what no other can take.
 * - `gone`: removed.
 */
export type Standing = 'able' | 'reluctant' | 'gone';

/**
 * Where a group's replicas belong. Those of a dead or draining node move only while there is a node to
 * spare: fewer replicas would be less safe than one that is late.
 */
export function desiredReplicas(
  group: GroupId,
  current: readonly NodeId[],
  standings: ReadonlyMap<NodeId, Standing>,
): readonly NodeId[] {
  const able = [...standings].filter(([, standing]) => standing === 'able').map(([node]) => node);
  const chosen = rendezvous(group, able).slice(0, replicasPerGroup);
  for (const node of current) {
    if (chosen.length >= replicasPerGroup) break;
    if (standings.get(node) === 'reluctant') chosen.push(node);
  }
  return chosen;
}

/** Whether two sets of replicas are the same; their order says nothing. */
export const sameReplicas = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((node) => b.includes(node));
