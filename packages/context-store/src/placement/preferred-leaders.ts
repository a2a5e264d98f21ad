import type { GroupId, NodeId } from '@fastpaca/raft-core';

import { rendezvous } from './rendezvous.js';

/**
 * Who should lead each group: one of its replicas that can, evenly spread. Every node computes the same
 * from the same facts. Null where no replica can lead.
 *
 * A greedy choice, then swaps along paths: while a node leads at least two more than another, and groups
 * can be handed from the one to the other, maybe through a third, one is.
 */
export function preferredLeaders(
  placements: readonly (readonly NodeId[])[],
  able: ReadonlySet<NodeId>,
): readonly (NodeId | null)[] {
  const counts = new Map<NodeId, number>([...able].map((node) => [node, 0]));
  const count = (node: NodeId): number => counts.get(node) ?? 0;
  const choices = placements.map((replicas, group) =>
    rendezvous(
      group as GroupId,
      replicas.filter((node) => able.has(node)),
    ),
  );
  const leaders: (NodeId | null)[] = choices.map((nodes) => {
    const [first] = [...nodes].sort((a, b) => count(a) - count(b));
    if (first !== undefined) counts.set(first, count(first) + 1);
    return first ?? null;
  });
  const nodes = [...able].sort();
  while (improve(leaders, choices, nodes, counts));
  return leaders;
}

/** Moves one leadership along the shortest path to a node that leads two fewer. */
function improve(
  leaders: (NodeId | null)[],
  choices: readonly (readonly NodeId[])[],
  nodes: readonly NodeId[],
  counts: Map<NodeId, number>,
): boolean {
  const count = (node: NodeId): number => counts.get(node) ?? 0;
  for (const start of [...nodes].sort((a, b) => count(b) - count(a))) {
    const via = new Map<NodeId, number>();
    const queue = [start];
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      if (count(node) <= count(start) - 2) {
        handAlong(leaders, via, start, node);
        counts.set(start, count(start) - 1);
        counts.set(node, count(node) + 1);
        return true;
      }
      for (const [group, choice] of choices.entries()) {
        if (leaders[group] !== node) continue;
        for (const next of choice) {
          if (next === start || via.has(next)) continue;
          via.set(next, group);
          queue.push(next);
        }
      }
    }
  }
  return false;
}

function handAlong(leaders: (NodeId | null)[], via: Map<NodeId, number>, start: NodeId, end: NodeId): void {
  let node = end;
  while (node !== start) {
    const group = via.get(node);
    const before = group === undefined ? null : leaders[group];
    if (group === undefined || before === null || before === undefined) return;
    leaders[group] = node;
    node = before;
  }
}
