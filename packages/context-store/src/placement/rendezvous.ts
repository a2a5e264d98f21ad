import type { GroupId, NodeId } from '@fastpaca/raft-core';

import { xxhash32 } from '../group/xxhash32.js';

/**
 * Nodes in the order in which a group prefers them (highest random weight, Thaler and Ravishankar 1998):
 * a node that comes or goes moves only the groups that it gains or had.
 */
export function rendezvous(group: GroupId, nodes: readonly NodeId[]): readonly NodeId[] {
  return nodes
    .map((node) => ({ node, weight: xxhash32(`${group}:${node}`) }))
    .sort((a, b) => b.weight - a.weight || (a.node < b.node ? -1 : 1))
    .map(({ node }) => node);
}
