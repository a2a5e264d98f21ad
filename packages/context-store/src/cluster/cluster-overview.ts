import type { NodeId } from '@fastpaca/raft-core';

import type { PeerRefusal } from '../peer/peer-status.js';
import { replicasPerGroup } from '../placement/desired-replicas.js';
import type { NodeStanding } from './cluster-view.js';
import type { ClusterFacts } from './facts.js';
import { byName, type SeenNode } from './formation.js';
import type { NodeReport } from './node-report.js';
import { ledGroups } from './removal.js';

/** A node as an operator sees it. */
export interface NodeOverview {
  readonly name: string;
  readonly id: NodeId;
  /** `host:port`; null where the node is away, and of the node that answers. */
  readonly address: string | null;
  /** Of the software. Null where the node is away. */
  readonly version: string | null;
  readonly standing: NodeStanding;
  readonly live: boolean;
  /** About to stop: it takes no leadership. */
  readonly leaving: boolean;
  /** Context groups that should have a replica on it. */
  readonly placed: number;
  /** Context groups that have a replica on it. Null where it does not answer. */
  readonly replicas: number | null;
  readonly leaders: number | null;
  /** Committed entries that it has not confirmed, of all groups that have a running leader. */
  readonly lag: number;
  /** Replicas that it still gets or gives away. */
  readonly pendingMoves: number | null;
}

/** The cluster as the answering node sees it, in one piece. */
export interface ClusterOverview {
  /** Null before the node is part of a cluster. */
  readonly clusterId: string | null;
  /** Of the facts. */
  readonly revision: number;
  /** The node that answers. */
  readonly self: string;
  /** Who places groups. Null where nobody can. */
  readonly coordinator: string | null;
  /** Why this node is not ready; null where it is. */
  readonly reason: string | null;
  readonly nodes: readonly NodeOverview[];
  readonly groups: {
    readonly total: number;
    /** Not led by any node that answered. */
    readonly withoutLeader: number;
    /** With fewer running voters than there should be: three, or one per node where there are fewer. */
    readonly underReplicated: number;
    /** On their way to where they belong. */
    readonly moving: number;
  };
  /** Nodes that could not connect, newest last. */
  readonly refusals: readonly PeerRefusal[];
}

export interface OverviewBasis {
  readonly facts: ClusterFacts;
  readonly self: { readonly id: NodeId; readonly name: string };
  readonly coordinator: string | null;
  readonly reason: string | null;
  /** Of the nodes that answered, this one among them. */
  readonly reports: ReadonlyMap<NodeId, NodeReport>;
  /** Nodes of the cluster that are connected, this one among them. */
  readonly here: ReadonlySet<NodeId>;
  readonly connected: readonly (Pick<SeenNode, 'id'> & {
    readonly leaving: boolean;
    readonly address: string;
  })[];
  readonly leaving: boolean;
  readonly refusals: readonly PeerRefusal[];
}

/** Puts together what the nodes said. Pure. */
export function overviewOf(basis: OverviewBasis): ClusterOverview {
  const { facts, self, reports } = basis;
  const nodes = facts.nodes.filter(({ standing }) => standing !== 'removed').sort(byName);
  const sum = (of: (report: NodeReport) => number): number =>
    [...reports.values()].reduce((total, report) => total + of(report), 0);
  return {
    clusterId: facts.clusterId,
    revision: facts.revision,
    self: self.name,
    coordinator: basis.coordinator,
    reason: basis.reason,
    nodes: nodes.map((node) => nodeOverview(basis, node)),
    groups: {
      total: facts.placement.length,
      withoutLeader: facts.placement.length - ledGroups(reports).size,
      underReplicated: sum(({ underReplicated }) => underReplicated),
      moving: sum(({ unsettled }) => unsettled),
    },
    refusals: basis.refusals,
  };
}

function nodeOverview(
  { facts, self, reports, here, connected, leaving }: OverviewBasis,
  { id, name, standing }: ClusterFacts['nodes'][number],
): NodeOverview {
  const report = reports.get(id);
  const peer = connected.find((each) => each.id === id);
  const placed = facts.placement.filter((replicas) => replicas.includes(id)).length;
  const followerLag = [...reports.values()]
    .flatMap((each) => each.followerLag)
    .filter(({ node }) => node === id)
    .reduce((total, { entries }) => total + entries, 0);
  return {
    name,
    id,
    address: peer?.address ?? null,
    version: report?.version ?? null,
    standing,
    live: here.has(id),
    leaving: id === self.id ? leaving : (peer?.leaving ?? false),
    placed,
    replicas: report?.replicas ?? null,
    leaders: report?.leads.length ?? null,
    lag: followerLag + (report?.applyLag ?? 0),
    pendingMoves: report === undefined ? null : Math.abs(report.replicas - placed),
  };
}

/** Replicas that a group should have in a cluster of so many nodes. */
export const wantedReplicas = (nodes: number): number => Math.min(nodes, replicasPerGroup);
