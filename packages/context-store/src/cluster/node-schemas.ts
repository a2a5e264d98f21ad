import type { NodeId } from '@fastpaca/raft-core';
import { z } from 'zod';

import type { NodeRef, Phase } from './phase.js';

/** Shapes that several files and frames of the cluster have in common. */

export const nodeIdSchema = z
  .string()
  .min(1)
  .max(255)
  .transform((id) => id as NodeId);

export const nodeNameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

export const nodeRefSchema: z.ZodType<NodeRef> = z.strictObject({ id: nodeIdSchema, name: nodeNameSchema });

export const clusterIdSchema = z.string().min(1).max(64);
const foundersSchema = z.array(nodeRefSchema).min(1).max(1_000);

export const phaseSchema: z.ZodType<Phase> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('empty') }),
  z.strictObject({ kind: z.literal('proposing'), clusterId: clusterIdSchema, founders: foundersSchema }),
  z.strictObject({
    kind: z.literal('promised'),
    clusterId: clusterIdSchema,
    founders: foundersSchema,
    proposer: nodeRefSchema,
    proposerRevision: z.int().min(0),
  }),
  z.strictObject({
    kind: z.literal('member'),
    clusterId: clusterIdSchema,
    founders: foundersSchema.nullable(),
  }),
]);
