import type { GroupId, GroupStatus, NodeId } from '@fastpaca/raft-core';
import { z } from 'zod';

import { nodeIdSchema } from './node-schemas.js';

/** What a node says of its groups, in numbers. */
export interface NodeReport {
  readonly version: string;
  /** Nodes of the cluster that are connected to this one, itself among them. */
  readonly sees?: readonly NodeId[] | undefined;
  /** Context groups that have a replica here. */
  readonly replicas: number;
  /** Context groups that this node leads. */
  readonly leads: readonly GroupId[];
  /** Entries that are committed and not applied here yet. */
  readonly applyLag: number;
  /** By follower: committed entries that it has not confirmed, of all groups that this node leads. */
  readonly followerLag: readonly { readonly node: NodeId; readonly entries: number }[];
  /** Groups led here whose members are not where they should be yet. */
  readonly unsettled: number;
  /** Groups led here that have fewer running voters than they should have. */
  readonly underReplicated: number;
}

export const nodeReportSchema: z.ZodType<NodeReport> = z.object({
  version: z.string(),
  sees: z.array(nodeIdSchema).optional(),
  replicas: z.int(),
  leads: z.array(z.int().transform((group) => group as GroupId)),
  applyLag: z.number(),
  followerLag: z.array(z.object({ node: nodeIdSchema, entries: z.number() })),
  unsettled: z.int(),
  underReplicated: z.int(),
});

export interface ReportBasis {
  readonly version: string;
  readonly sees: readonly NodeId[];
  /** Of the context groups. */
  readonly statuses: readonly GroupStatus[];
  readonly unsettled: number;
  /** Replicas that a group should have. */
  readonly wanted: (group: GroupId) => number;
}

const silentMs = 3_000;

export function reportOf({ version, sees, statuses, unsettled, wanted }: ReportBasis): NodeReport {
  const led = statuses.filter(({ role }) => role === 'leader');
  const lag = new Map<NodeId, number>();
  for (const { peers, commit } of led) {
    for (const { node, match } of peers) lag.set(node, (lag.get(node) ?? 0) + Math.max(0, commit - match));
  }
  return {
    version,
    sees,
    replicas: statuses.length,
    leads: led.filter(({ ready }) => ready).map(({ group }) => group),
    applyLag: statuses.reduce((sum, { commit, applied }) => sum + commit - applied, 0),
    followerLag: [...lag].map(([node, entries]) => ({ node, entries })),
    unsettled,
    underReplicated: led.filter((status) => runningVoters(status) < wanted(status.group)).length,
  };
}

/** Voters that answer, this leader among them. */
function runningVoters({ conf, peers }: GroupStatus): number {
  const answering = peers.filter((peer) => conf.voters.includes(peer.node) && peer.silentMs < silentMs);
  return answering.length + 1;
}
