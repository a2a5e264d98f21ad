import type { PeerRefusal } from '../peer/peer-status.js';
import { removedReason, type ClusterFacts } from './facts.js';
import type { NodeRef } from './phase.js';

export interface PartBasis {
  readonly self: NodeRef;
  readonly facts: ClusterFacts;
  /** Of a node that is no member, or not any more: why. */
  readonly formation: { readonly reason: string | null; readonly refused: boolean };
  /** Nodes that are connected. */
  readonly peers: number;
  /** Newest last. */
  readonly refusals: readonly PeerRefusal[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A node that is refused is so again within seconds, with each try to connect. */
const currentMs = 30_000;

/**
 * Why a node is not part of a cluster, or cut off from it, and what to do; null where it is part of one.
 * Pure. Who is connected to nobody may be refused by all, and knows best from them.
 */
export function whyNoPart({ self, facts, formation, peers, refusals, now }: PartBasis): string | null {
  const isAlone = peers === 0;
  const current = refusals.findLast(({ at }) => now - at < currentMs);
  const refusal =
    isAlone && current !== undefined ? `The last connection was refused: ${current.reason}` : null;
  const { reason, refused } = formation;
  if (reason !== null) return refused || refusal === null ? reason : `${reason} ${refusal}`;
  const fact = facts.nodes.find(({ id }) => id === self.id);
  if (fact?.standing === 'removed') return removedReason(self.name);
  // Who was removed while it was away cannot learn it from the facts.
  const removal = refusals.findLast(({ code }) => code === 'refused_node');
  if (isAlone && removal !== undefined) return removal.reason;
  if (fact === undefined) return refusal ?? 'The node waits for the facts of its cluster.';
  const hasOthers = facts.nodes.some(({ id, standing }) => id !== self.id && standing !== 'removed');
  return hasOthers && refusal !== null ? `The node is connected to no other. ${refusal}` : null;
}
