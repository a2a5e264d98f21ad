import type { ClusterOverview, NodeOverview } from '@fastpaca/context-store';
import type { ClusterAnswer } from '@fastpaca/protocol';

/** The overview in the names of the wire. */
export function clusterAnswerOf(overview: ClusterOverview): ClusterAnswer {
  const { groups } = overview;
  return {
    cluster_id: overview.clusterId,
    revision: overview.revision,
    self: overview.self,
    coordinator: overview.coordinator,
    reason: overview.reason,
    nodes: overview.nodes.flatMap(nodeOf),
    groups: {
      total: groups.total,
      without_leader: groups.withoutLeader,
      under_replicated: groups.underReplicated,
      moving: groups.moving,
    },
    refusals: overview.refusals.map(({ address, code, reason, at }) => {
      return { address, code, reason, at: new Date(at).toISOString() };
    }),
  };
}

function nodeOf(node: NodeOverview): ClusterAnswer['nodes'] {
  const { standing, pendingMoves, ...rest } = node;
  return standing === 'removed' ? [] : [{ ...rest, standing, pending_moves: pendingMoves }];
}
