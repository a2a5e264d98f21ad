import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { ClusterFacts, PlacementChange } from '../cluster/facts.js';
import { byName } from '../cluster/formation.js';
import type { NodeRef } from '../cluster/phase.js';
import { desiredReplicas, sameReplicas, type Standing } from './desired-replicas.js';
import { systemVoters } from './system-voters.js';

/**
 * - `here`: connected.
 * - `away`: not connected, not long enough to be given up.
 * - `gone`: not connected for longer than the grace period.
 */
export type Presence = 'here' | 'away' | 'gone';

/** What the facts should say of placement, as a change; null where they say it. Pure. */
export function planPlacement(
  facts: ClusterFacts,
  presence: ReadonlyMap<NodeId, Presence>,
): PlacementChange | null {
  const standings = facts.nodes.filter(({ standing }) => standing !== 'removed');
  const groups: { group: GroupId; replicas: readonly NodeId[] }[] = [];
  for (const [index, current] of facts.placement.entries()) {
    const group = index as GroupId;
    const byNode = new Map<NodeId, Standing>();
    for (const { id, standing } of standings) {
      const present = presence.get(id) ?? 'away';
      if (standing === 'draining' || present === 'gone') byNode.set(id, 'reluctant');
      // Who is away keeps what it has, and gets nothing that nobody could bring to it now.
      else if (present === 'here' || current.includes(id)) byNode.set(id, 'able');
    }
    const replicas = desiredReplicas(group, current, byNode);
    // Fewer than there are now only where a node was removed: a group without any node is lost.
    if (replicas.length > 0 && !sameReplicas(replicas, current)) groups.push({ group, replicas });
  }
  const voters = votersOf(facts, presence);
  if (groups.length === 0 && sameReplicas(voters, facts.voters)) return null;
  return { groups, voters };
}

function votersOf(facts: ClusterFacts, presence: ReadonlyMap<NodeId, Presence>): readonly NodeId[] {
  const present = facts.nodes.filter(({ standing }) => standing !== 'removed').sort(byName);
  const able = present.filter(({ id, standing }) => {
    const here = presence.get(id) ?? 'away';
    return standing === 'able' && (here === 'here' || (here === 'away' && facts.voters.includes(id)));
  });
  const reluctant = present.filter((node) => !able.includes(node) && facts.voters.includes(node.id));
  const spare = able.length >= Math.min(facts.voters.length, present.length);
  const candidates = (spare ? able : [...able, ...reluctant]).map(({ id }) => id);
  return candidates.length === 0 ? facts.voters : systemVoters(facts.voters, candidates);
}

/** What founders begin with; each of them derives the same. */
export function firstPlacement(
  groups: number,
  founders: readonly NodeRef[],
): { readonly placement: readonly (readonly NodeId[])[]; readonly voters: readonly NodeId[] } {
  const ids = [...founders].sort(byName).map(({ id }) => id);
  const standings = new Map<NodeId, Standing>(ids.map((id) => [id, 'able']));
  const placement = Array.from({ length: groups }, (_, group) =>
    desiredReplicas(group as GroupId, [], standings),
  );
  return { placement, voters: systemVoters([], ids) };
}
