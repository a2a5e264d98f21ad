import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { NodeFact } from './cluster-view.js';
import type { ClusterFacts } from './facts.js';
import type { NodeReport } from './node-report.js';

/** Why a node cannot be removed. */
export interface Objection {
  readonly code: 'node_not_drained' | 'quorum_would_be_lost';
  readonly message: string;
  /** It may be over in a moment, without anybody's doing. */
  readonly passing: boolean;
}

export interface RemovalBasis {
  readonly facts: ClusterFacts;
  readonly node: NodeFact;
  /** Nodes of the cluster that are connected to the one that is asked, itself among them. */
  readonly here: ReadonlySet<NodeId>;
  /** Of those of them that answered. */
  readonly reports: ReadonlyMap<NodeId, NodeReport>;
}

/**
 * Whether a node can go: one that is dead, or that runs and holds nothing. Pure.
 *
 * The facts say where replicas belong, the reports where they are. As a node is drained its groups are
 * placed elsewhere at once, and until they have moved it is one of the voters without whom they have no
 * majority.
 */
export function objectionTo(basis: RemovalBasis): Objection | null {
  const { facts, node, here, reports } = basis;
  const placed = facts.placement.filter((replicas) => replicas.includes(node.id));
  const running = isRunning(basis);
  if (running) {
    const objection = whileRunning(node, placed.length, reports.get(node.id)?.replicas ?? null);
    // Of a node that died just now, others may be late to know.
    if (objection !== null) return { ...objection, passing: objection.passing || !here.has(node.id) };
  }
  const lost = [...placed, facts.voters].filter((replicas) => losesQuorum(replicas, node.id, here));
  if (lost.length > 0) {
    return {
      code: 'quorum_would_be_lost',
      message:
        `Without node ${node.name}, ${lost.length} of the groups would have no majority of running replicas. Bring ` +
        'the other nodes back first, or restore this one.',
      passing: false,
    };
  }
  return running ? null : withoutLeader(basis);
}

/** Another node may be connected where this one has lost a link. */
function isRunning({ node, here, reports }: RemovalBasis): boolean {
  return here.has(node.id) || [...reports.values()].some(({ sees }) => sees?.includes(node.id) === true);
}

/** @param replicas that are there; null where the node does not say */
function whileRunning(
  { name, standing }: NodeFact,
  placed: number,
  replicas: number | null,
): Objection | null {
  const refused = (progress: string, passing = false): Objection => ({
    code: 'node_not_drained',
    message: `Node ${name} is running. ${progress}`,
    passing,
  });
  if (standing !== 'draining') return refused(`Drain it first: POST /v1/cluster/nodes/${name}/drain.`);
  if (replicas === null) {
    return refused(
      'It does not answer what it still holds: ask again, on a node that is connected to it.',
      true,
    );
  }
  const held = Math.max(placed, replicas);
  if (held === 0) return null;
  return refused(
    `It drains and still holds ${held} groups: wait until GET /v1/cluster shows none; that takes another node ` +
      'that can hold them.',
  );
}

/**
 * A group that has a leader goes on without a node that is dead. One that has none may be waiting for that
 * very node, wherever it belongs by now.
 */
function withoutLeader({ facts, node, reports }: RemovalBasis): Objection | null {
  const count = facts.placement.length - ledGroups(reports).size;
  if (count === 0) return null;
  return {
    code: 'quorum_would_be_lost',
    message:
      `${count} of the groups have no leader that answers, and may need node ${node.name} to get one. Bring the ` +
      'other nodes back first, or restore this one.',
    passing: true,
  };
}

/** Groups that a node which answered leads. */
export const ledGroups = (reports: ReadonlyMap<NodeId, NodeReport>): ReadonlySet<GroupId> =>
  new Set([...reports.values()].flatMap(({ leads }) => leads));

/** Whether the others that run are too few: to agree to the removal, or to go on after it. */
function losesQuorum(replicas: readonly NodeId[], node: NodeId, here: ReadonlySet<NodeId>): boolean {
  if (!replicas.includes(node)) return false;
  const running = replicas.filter((id) => id !== node && here.has(id)).length;
  const majority = (count: number): number => Math.floor(count / 2) + 1;
  return running < majority(replicas.length) || running < majority(replicas.length - 1);
}
