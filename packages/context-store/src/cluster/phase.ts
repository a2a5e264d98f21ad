import type { NodeId } from '@fastpaca/raft-core';

/** A node as others may know it: the name it was given, and the id of its data directory. */
export interface NodeRef {
  readonly id: NodeId;
  readonly name: string;
}

/**
 * How far a node is on its way into a cluster. Durable before it is announced. A promise is not taken
 * back before the proposal is known to be given up: whoever was promised to may have decided.
 */
export type Phase =
  | { readonly kind: 'empty' }
  /** This node proposes a cluster of exactly the founders, itself among them. */
  | { readonly kind: 'proposing'; readonly clusterId: string; readonly founders: readonly NodeRef[] }
  | {
      readonly kind: 'promised';
      readonly clusterId: string;
      readonly founders: readonly NodeRef[];
      readonly proposer: NodeRef;
      /** The proposer's revision with the proposal. */
      readonly proposerRevision: number;
    }
  | {
      readonly kind: 'member';
      readonly clusterId: string;
      /** Of a founder, until the cluster's first facts are replicated; null afterwards. */
      readonly founders: readonly NodeRef[] | null;
    };
