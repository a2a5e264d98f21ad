import { z } from 'zod';

const clusterNode = z
  .object({
    name: z.string(),
    id: z.string(),
    /** `host:port`; null where the node is away, and of the node that answers. */
    address: z.string().nullable(),
    version: z.string().nullable(),
    standing: z.enum(['able', 'draining']),
    live: z.boolean(),
    leaving: z.boolean(),
    /** Groups that should have a replica on it. */
    placed: z.int(),
    /** Groups that have one; null where the node does not answer. */
    replicas: z.int().nullable(),
    leaders: z.int().nullable(),
    /** Committed entries that it has not confirmed. */
    lag: z.int(),
    pending_moves: z.int().nullable(),
  })
  .meta({ id: 'ClusterNode' });

const refusal = z
  .object({ address: z.string(), code: z.string(), reason: z.string(), at: z.string() })
  .meta({ id: 'ClusterRefusal' });

export const clusterAnswer = z
  .object({
    /** Null before the node is part of a cluster. */
    cluster_id: z.string().nullable(),
    revision: z.int(),
    /** The node that answers. */
    self: z.string(),
    /** Who places groups; null where nobody can. */
    coordinator: z.string().nullable(),
    /** Why the answering node is not ready; null where it is. */
    reason: z.string().nullable(),
    nodes: z.array(clusterNode),
    groups: z.object({
      total: z.int(),
      without_leader: z.int(),
      under_replicated: z.int(),
      moving: z.int(),
    }),
    /** Nodes that could not connect and why, newest last. */
    refusals: z.array(refusal),
  })
  .meta({ id: 'Cluster' });
export type ClusterAnswer = z.output<typeof clusterAnswer>;
