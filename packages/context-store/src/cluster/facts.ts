import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { NodeFact, NodeStanding } from './cluster-view.js';
import type { NodeRef } from './phase.js';

/** What all nodes of a cluster agree on, replicated by the system group. Pure data. */
export interface ClusterFacts {
  /** Null before the founders have agreed on the first facts. */
  readonly clusterId: string | null;
  /** Grows with every change; 0 before the first. */
  readonly revision: number;
  /** In the order in which they came; removed ones stay, the newest hundred of them. */
  readonly nodes: readonly NodeFact[];
  /** By context group: where its replicas belong. The groups follow, one step at a time. */
  readonly placement: readonly (readonly NodeId[])[];
  /** Who votes in the system group; all other nodes learn. */
  readonly voters: readonly NodeId[];
}

export const noFacts: ClusterFacts = { clusterId: null, revision: 0, nodes: [], placement: [], voters: [] };

/** A change of placement: only what differs. */
export interface PlacementChange {
  readonly groups: readonly { readonly group: GroupId; readonly replicas: readonly NodeId[] }[];
  readonly voters: readonly NodeId[];
}

export type FactsCommand =
  /** The founders' first facts. All founders derive the same, so it does not matter who is first. */
  | {
      readonly type: 'found';
      readonly clusterId: string;
      readonly nodes: readonly NodeRef[];
      readonly placement: readonly (readonly NodeId[])[];
      readonly voters: readonly NodeId[];
    }
  | { readonly type: 'join'; readonly node: NodeRef; readonly groups: number }
  /** On the facts of `revision` only. */
  | {
      readonly type: 'stand';
      readonly revision: number;
      readonly node: NodeId;
      readonly standing: NodeStanding;
    }
  /** On the facts of `revision` only. */
  | ({ readonly type: 'place'; readonly revision: number } & PlacementChange);

/**
 * - `done`: the facts say so now, or said so before.
 * - `stale`: the facts have changed meanwhile; decide anew.
 * - `refused`: `reason` says why and what to do.
 */
export interface FactsResult {
  readonly kind: 'facts';
  readonly outcome: 'done' | 'stale' | 'refused';
  readonly reason: string | null;
  /** Of the facts afterwards. */
  readonly revision: number;
}

export interface FactsTransition {
  readonly facts: ClusterFacts;
  readonly result: FactsResult;
}

const maximumRemoved = 100;

/** What a command does to the facts. Total: every command has a result. */
export function changeFacts(facts: ClusterFacts, command: FactsCommand): FactsTransition {
  switch (command.type) {
    case 'found':
      return found(facts, command);
    case 'join':
      return join(facts, command.node, command.groups);
    case 'stand':
      return facts.revision === command.revision
        ? stand(facts, command.node, command.standing)
        : stale(facts);
    case 'place':
      return facts.revision === command.revision ? place(facts, command) : stale(facts);
  }
}

function found(facts: ClusterFacts, command: Extract<FactsCommand, { type: 'found' }>): FactsTransition {
  if (facts.clusterId !== null) {
    if (facts.clusterId === command.clusterId) return unchanged(facts);
    return refused(facts, `The cluster is ${facts.clusterId} already.`);
  }
  const { clusterId, nodes, placement, voters } = command;
  return changed(facts, {
    clusterId,
    nodes: nodes.map(({ id, name }) => ({ id, name, standing: 'able' })),
    placement,
    voters,
  });
}

function join(facts: ClusterFacts, { id, name }: NodeRef, groups: number): FactsTransition {
  if (facts.clusterId === null) return refused(facts, 'The cluster is not founded yet. Try again.');
  const known = facts.nodes.find((node) => node.id === id);
  if (known?.standing === 'removed') return refused(facts, removedReason(name));
  if (known !== undefined) return unchanged(facts);
  if (groups !== facts.placement.length) {
    return refused(
      facts,
      `The cluster has ${facts.placement.length} groups, the node ${groups}: empty its data directory and ` +
        'start it with the same number.',
    );
  }
  const namesake = facts.nodes.find((node) => node.name === name && node.standing !== 'removed');
  if (namesake !== undefined) {
    return refused(
      facts,
      `The cluster knows a node ${name} with another data directory. If that directory is lost, remove the old ` +
        `node with DELETE /v1/cluster/nodes/${name} on another node; this one is then taken in by itself. ` +
        'Otherwise give this node another FASTPACA_NODE_NAME.',
    );
  }
  return changed(facts, { nodes: [...facts.nodes, { id, name, standing: 'able' }] });
}

/** What a removed node that is still running, or comes back, is told. */
export const removedReason = (name: string): string =>
  `Node ${name} was removed from the cluster. Empty its data directory and start it again to join as a new node.`;

function stand(facts: ClusterFacts, node: NodeId, standing: NodeStanding): FactsTransition {
  const known = facts.nodes.find(({ id }) => id === node);
  if (known === undefined) return refused(facts, 'The cluster does not know this node.');
  if (known.standing === standing) return unchanged(facts);
  if (known.standing === 'removed') return refused(facts, removedReason(known.name));
  const nodes = facts.nodes.map((each) => (each.id === node ? { ...each, standing } : each));
  return changed(facts, { nodes: forgetOldest(nodes) });
}

function forgetOldest(nodes: readonly NodeFact[]): readonly NodeFact[] {
  const removed = nodes.filter(({ standing }) => standing === 'removed');
  const [oldest] = removed;
  return removed.length > maximumRemoved ? nodes.filter((node) => node !== oldest) : nodes;
}

function place(facts: ClusterFacts, { groups, voters }: PlacementChange): FactsTransition {
  const known = new Set(facts.nodes.filter(({ standing }) => standing !== 'removed').map(({ id }) => id));
  const strange = [...voters, ...groups.flatMap(({ replicas }) => replicas)].some((id) => !known.has(id));
  const outside = groups.some(({ group }) => group >= facts.placement.length);
  if (strange || outside || voters.length === 0 || groups.some(({ replicas }) => replicas.length === 0)) {
    return refused(facts, 'The placement names unknown nodes or groups, or leaves one without a node.');
  }
  const placement = [...facts.placement];
  for (const { group, replicas } of groups) placement[group] = replicas;
  return changed(facts, { placement, voters });
}

function changed(facts: ClusterFacts, change: Partial<ClusterFacts>): FactsTransition {
  const next = { ...facts, ...change, revision: facts.revision + 1 };
  return { facts: next, result: result(next, 'done') };
}

const unchanged = (facts: ClusterFacts): FactsTransition => ({ facts, result: result(facts, 'done') });
const stale = (facts: ClusterFacts): FactsTransition => ({ facts, result: result(facts, 'stale') });
const refused = (facts: ClusterFacts, reason: string): FactsTransition => ({
  facts,
  result: result(facts, 'refused', reason),
});

const result = (
  facts: ClusterFacts,
  outcome: FactsResult['outcome'],
  reason: string | null = null,
): FactsResult => ({ kind: 'facts', outcome, reason, revision: facts.revision });
