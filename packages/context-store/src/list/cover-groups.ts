import type { GroupId, NodeId } from '@fastpaca/raft-core';

/**
 * Which node is asked for which groups: each group once, but for those that no node has. As few nodes as have all the
 * groups, or nearly: the one with most of them first, then the one with most of the rest. (The smallest number is a hard
 * problem; this is at most ln(groups) times as many.)
 */
export function coverGroups(
  groups: readonly GroupId[],
  replicasOf: (group: GroupId) => readonly NodeId[],
): ReadonlyMap<NodeId, readonly GroupId[]> {
  const byNode = new Map<NodeId, readonly GroupId[]>();
  let rest = groups;
  for (;;) {
    const [node, covered] = mostOf(rest, replicasOf);
    if (node === null) return byNode;
    byNode.set(node, covered);
    const done = new Set(covered);
    rest = rest.filter((group) => !done.has(group));
  }
}

function mostOf(
  groups: readonly GroupId[],
  replicasOf: (group: GroupId) => readonly NodeId[],
): readonly [NodeId | null, readonly GroupId[]] {
  const groupsOf = new Map<NodeId, GroupId[]>();
  for (const group of groups) {
    for (const node of replicasOf(group)) {
      const held = groupsOf.get(node);
      if (held === undefined) groupsOf.set(node, [group]);
      else held.push(group);
    }
  }
  let best: readonly [NodeId | null, readonly GroupId[]] = [null, []];
  for (const [node, held] of groupsOf) if (held.length > best[1].length) best = [node, held];
  return best;
}
