import type { NodeId } from '@fastpaca/raft-core';

import type { NodeRef, Phase } from './phase.js';

/** What a node knows of itself when it decides. */
export interface OwnState {
  readonly self: NodeRef;
  /** Nodes that found a new cluster. */
  readonly size: number;
  /** Grows with every change of the phase. */
  readonly revision: number;
  readonly phase: Phase;
  /** Whether it has looked for others at every address of its seed, at least once. */
  readonly hasLooked: boolean;
}

/** A connected node, as it announced itself last. */
export interface SeenNode extends NodeRef {
  readonly size: number;
  readonly revision: number;
  readonly phase: Phase;
  /** The nodes that it is connected to. */
  readonly sees: readonly NodeId[];
}

export type Decision =
  | { readonly kind: 'wait'; readonly reason: string }
  /** Make the phase durable, then announce it and decide again. */
  | { readonly kind: 'become'; readonly phase: Phase }
  /** Ask one of these members to be taken in. */
  | { readonly kind: 'join'; readonly clusterId: string; readonly via: readonly NodeId[] }
  /** Nothing but an operator helps; `reason` says how. */
  | { readonly kind: 'refuse'; readonly reason: string }
  | { readonly kind: 'member' };

const empty: Phase = { kind: 'empty' };
const looking =
  'The node looks for clusters at every address of FASTPACA_CLUSTER_SEED before it founds or joins one.';

/**
 * What a node does next on its way into a cluster. Pure.
 *
 * A new cluster is decided by its proposer alone, once every founder has promised itself to that
 * proposal; a node is promised to one proposal at a time. Two sets that share a node therefore never
 * both become a cluster, whatever the order of messages, and crashes included: every promise is durable
 * before it is told. Proposals that meet are ordered by the proposer's name, so one of them goes on.
 */
export function decide(own: OwnState, seen: readonly SeenNode[], newClusterId: string): Decision {
  const { phase } = own;
  switch (phase.kind) {
    case 'member':
      return foreign(phase.clusterId, seen) ?? { kind: 'member' };
    case 'promised':
      return keepPromise(phase, seen);
    case 'proposing':
      return pursue(own, phase, seen);
    case 'empty':
      return begin(own, seen, newClusterId);
  }
}

/** A member stays what it is; but where it sees only strangers, its seed is wrong. */
function foreign(clusterId: string, seen: readonly SeenNode[]): Decision | null {
  const members = seen.filter(({ phase }) => phase.kind === 'member');
  const stranger = members.find(({ phase }) => clusterOf(phase) !== clusterId);
  if (stranger === undefined || members.some(({ phase }) => clusterOf(phase) === clusterId)) return null;
  return {
    kind: 'refuse',
    reason:
      `This node belongs to cluster ${clusterId}, but ${stranger.name} to cluster ${clusterOf(stranger.phase) ?? ''}. ` +
      'Correct FASTPACA_CLUSTER_SEED, or start with an empty data directory to join the other cluster.',
  };
}

function begin(own: OwnState, seen: readonly SeenNode[], newClusterId: string): Decision {
  const formed = formedClusters(seen);
  if (formed.size === 1 && !own.hasLooked) return { kind: 'wait', reason: looking };
  if (formed.size > 1) {
    return {
      kind: 'refuse',
      reason:
        `The seed leads to ${formed.size} clusters (${[...formed.keys()].join(', ')}). ` +
        'Let FASTPACA_CLUSTER_SEED name nodes of one cluster.',
    };
  }
  for (const [clusterId, via] of formed) return { kind: 'join', clusterId, via };
  const proposal = lowestProposal(own.self, seen);
  if (proposal !== null) return { kind: 'become', phase: promiseTo(proposal) };
  return gather(own, seen, newClusterId);
}

function formedClusters(seen: readonly SeenNode[]): Map<string, NodeId[]> {
  const formed = new Map<string, NodeId[]>();
  for (const { id, phase } of seen) {
    if (phase.kind !== 'member') continue;
    formed.set(phase.clusterId, [...(formed.get(phase.clusterId) ?? []), id]);
  }
  return formed;
}

/** Proposes where the nodes that are needed see each other and this one has the lowest name of them. */
function gather(own: OwnState, seen: readonly SeenNode[], newClusterId: string): Decision {
  const { self, size } = own;
  const others = seen.filter(({ phase }) => phase.kind === 'empty');
  const disagreeing = seen.find((node) => node.size !== size);
  if (disagreeing !== undefined) {
    return {
      kind: 'wait',
      reason:
        `FASTPACA_CLUSTER_SIZE is ${size} here and ${disagreeing.size} on ${disagreeing.name}. ` +
        'Give all nodes the same, then restart those that were changed.',
    };
  }
  const twin = [self, ...others].find((node) =>
    others.some((other) => other.name === node.name && other.id !== node.id),
  );
  if (twin !== undefined) {
    return {
      kind: 'refuse',
      reason: `Two nodes are named ${twin.name}. Give each node a FASTPACA_NODE_NAME of its own, and an empty data directory.`,
    };
  }
  const names = [self.name, ...others.map(({ name }) => name)].sort();
  const waiting = `Waiting for ${size} new nodes to see each other; here are ${names.length}: ${names.join(', ')}.`;
  const founders = [self, ...others.map(({ id, name }) => ({ id, name }))].sort(byName).slice(0, size);
  if (founders.length < size || founders[0]?.id !== self.id) return { kind: 'wait', reason: waiting };
  const ids = founders.map(({ id }) => id);
  const meshed = others.every(
    ({ id, sees }) => !ids.includes(id) || ids.every((other) => other === id || sees.includes(other)),
  );
  if (!meshed) return { kind: 'wait', reason: waiting };
  // Enough new nodes may find each other before they find the cluster that is there.
  if (!own.hasLooked) {
    return { kind: 'wait', reason: looking };
  }
  const phase: Phase = { kind: 'proposing', clusterId: newClusterId, founders };
  // Alone, it has everyone's promise.
  return { kind: 'become', phase: size === 1 ? { ...phase, kind: 'member' } : phase };
}

/** The proposal that wants this node and whose proposer has the lowest name. */
function lowestProposal(self: NodeRef, seen: readonly SeenNode[]): SeenNode | null {
  const wanted = seen.filter(
    ({ phase }) => phase.kind === 'proposing' && phase.founders.some(({ id }) => id === self.id),
  );
  return wanted.sort(byName)[0] ?? null;
}

function promiseTo({ id, name, revision, phase }: SeenNode): Phase {
  if (phase.kind !== 'proposing') throw new Error('Only a proposal can be promised to.');
  const { clusterId, founders } = phase;
  return { kind: 'promised', clusterId, founders, proposer: { id, name }, proposerRevision: revision };
}

function keepPromise(phase: Extract<Phase, { kind: 'promised' }>, seen: readonly SeenNode[]): Decision {
  const { clusterId, founders, proposer } = phase;
  const decided = seen.some((node) => node.phase.kind === 'member' && node.phase.clusterId === clusterId);
  if (decided) return { kind: 'become', phase: { kind: 'member', clusterId, founders } };
  const found = seen.find(({ id }) => id === proposer.id);
  if (found !== undefined) {
    const stands = clusterOf(found.phase) === clusterId || found.revision <= phase.proposerRevision;
    if (!stands) return { kind: 'become', phase: empty };
    return {
      kind: 'wait',
      reason: `Waiting for ${proposer.name} to found the cluster with all of ${listed(founders)}.`,
    };
  }
  const wiped = seen.some(({ name }) => name === proposer.name);
  if (wiped) {
    // It may have decided before it lost its disk, and told another founder: nobody else can say.
    return {
      kind: 'refuse',
      reason:
        `${proposer.name} lost its data directory while the cluster was being founded. This node has promised ` +
        'itself to that cluster and holds no data: empty its data directory and start it again.',
    };
  }
  return {
    kind: 'wait',
    reason:
      `Waiting for ${proposer.name}, which was founding the cluster: start it again. If its data directory is lost, ` +
      'empty the one of this node too, which holds no data yet, and start this node again.',
  };
}

function pursue(
  own: OwnState,
  phase: Extract<Phase, { kind: 'proposing' }>,
  seen: readonly SeenNode[],
): Decision {
  const { clusterId, founders } = phase;
  const giveUp: Decision = { kind: 'become', phase: empty };
  const rival = lowestProposal(own.self, seen);
  if (rival !== null && byName(rival, own.self) < 0) return giveUp;
  let missing: NodeRef | null = null;
  for (const founder of founders) {
    if (founder.id === own.self.id) continue;
    const found = seen.find(({ id }) => id === founder.id);
    if (found === undefined) return giveUp;
    switch (stanceOf(found.phase, clusterId, own.self)) {
      case 'ours':
        continue;
      case 'open':
        missing = founder;
        continue;
      case 'lost':
        return giveUp;
    }
  }
  if (missing !== null)
    return { kind: 'wait', reason: `Waiting for ${missing.name} to agree to the new cluster.` };
  return { kind: 'become', phase: { kind: 'member', clusterId, founders } };
}

/** Whether a founder is promised to this proposal, may yet be, or stands elsewhere. */
function stanceOf(phase: Phase, clusterId: string, proposer: NodeRef): 'ours' | 'open' | 'lost' {
  switch (phase.kind) {
    case 'empty':
      return 'open';
    case 'member':
      return 'lost';
    case 'proposing':
      // It has a higher name than its proposer here, so it is the one to give up.
      return 'open';
    case 'promised':
      if (phase.clusterId === clusterId) return 'ours';
      // The proposal of the higher name gives up when it sees that a founder of it is wanted here.
      return byName(phase.proposer, proposer) < 0 ? 'lost' : 'open';
  }
}

const clusterOf = (phase: Phase): string | null => (phase.kind === 'empty' ? null : phase.clusterId);

const listed = (nodes: readonly NodeRef[]): string => nodes.map(({ name }) => name).join(', ');

/** By name, and by id where two nodes have the same. */
export function byName(a: NodeRef, b: NodeRef): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
