import type { PeerNetwork } from '../peer/peer-network.js';
import type { NodeRef } from './phase.js';

/** How a node finds others and lives with them. */
export interface ClusterOptions {
  /** Makes this node's links to others. Default: none, the node is alone. */
  readonly network?: (self: NodeRef) => PeerNetwork;
  /** Nodes that must see each other before a new cluster forms. Default 1: this node alone. */
  readonly size?: number;
  /** Of the software, shown to people. */
  readonly version?: string;
  /**
   * Milliseconds that a node may be away before its replicas move to others, if there are any to spare.
   * Default 10 minutes: a restart moves nothing.
   */
  readonly graceMs?: number;
  /** Groups whose new replicas may fetch their state from one node at a time. Default 4. */
  readonly maximumMoves?: number;
  /** Bytes of snapshots that this node sends in a second. Default 64 MiB. */
  readonly moveBytesPerSecond?: number;
  /**
   * Told why this node is not part of a cluster yet, or not any more, whenever that changes; null: it is.
   * With `refused`, nothing but an operator helps.
   */
  readonly onStanding?: (reason: string | null, refused: boolean) => void;
  /** Milliseconds between two looks at what there is to do. Default 500. */
  readonly passMs?: number;
}

export const clusterDefaults = {
  size: 1,
  version: '0.0.0',
  graceMs: 600_000,
  maximumMoves: 4,
  moveBytesPerSecond: 64 << 20,
  passMs: 500,
  onStanding: (): void => undefined,
} as const;
