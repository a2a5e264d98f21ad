import type { ClusterNode, ClusterStatus } from '@fastpaca/fastpaca';
import { pairs, table } from './table.js';

const unknown = '?';

export function clusterText(status: ClusterStatus): string {
  const { groups } = status;
  const sections = [
    pairs([
      ['cluster', status.clusterId ?? 'none yet'],
      ['answered by', status.self],
      ['coordinator', status.coordinator ?? 'nobody'],
      ['groups', groupsText(groups)],
      ...(status.reason === null ? [] : [['not ready', status.reason] as const]),
    ]),
    nodesTable(status.nodes),
  ];
  if (status.refusals.length > 0) {
    sections.push(
      table(
        ['REFUSED', 'CODE', 'REASON', 'AT'],
        status.refusals.map(({ address, code, reason, at }) => [address, code, reason, at]),
      ),
    );
  }
  return sections.join('\n\n');
}

const groupsText = (groups: ClusterStatus['groups']): string =>
  `${groups.total}, ${groups.withoutLeader} without a leader, ${groups.underReplicated} under-replicated, ${groups.moving} moving`;

const nodesTable = (nodes: readonly ClusterNode[]): string =>
  table(
    ['NODE', 'STATE', 'ADDRESS', 'PLACED', 'REPLICAS', 'LEADERS', 'LAG', 'VERSION'],
    nodes.map((node) => [
      node.name,
      stateOf(node),
      node.address ?? '-',
      node.placed,
      node.replicas ?? unknown,
      node.leaders ?? unknown,
      node.lag,
      node.version ?? unknown,
    ]),
  );

function stateOf({ live, leaving, standing }: ClusterNode): string {
  if (!live) return 'away';
  if (leaving) return 'leaving';
  return standing === 'draining' ? 'draining' : 'up';
}
