import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { NodeRef } from './phase.js';

/**
 * - `able`: takes and keeps replicas.
 * - `draining`: gives its replicas to others, as far as there are any that can take them.
 * - `removed`: no longer part of the cluster; its name is free.
 */
export type NodeStanding = 'able' | 'draining' | 'removed';

/** A node as the cluster's replicated facts have it. */
export interface NodeFact extends NodeRef {
  readonly standing: NodeStanding;
}

/**
 * What this node knows of the cluster: the replicated facts as far as they have arrived here. It may lag
 * behind what others know, so it says where to ask, not who leads.
 */
export interface ClusterView {
  readonly self: NodeId;
  /** Where the replicas of a group belong. Empty until the cluster's first facts have arrived. */
  replicasOf(group: GroupId): readonly NodeId[];
  /** By name; without the removed ones. */
  nodes(): readonly NodeFact[];
  /** Also of a removed node. */
  nameOf(id: NodeId): string | null;
  /** Calls `listener` after facts have changed. Returns how to stop. */
  onChange(listener: () => void): () => void;
}
