import type { GroupId } from '@fastpaca/raft-core';
import { z } from 'zod';

import type { ClusterFacts, FactsCommand, FactsResult } from './facts.js';
import { clusterIdSchema, nodeIdSchema, nodeNameSchema, nodeRefSchema } from './node-schemas.js';

/*
 * Facts, their commands and results are JSON: they are few, people read them in dumps, and a node of a
 * newer version can add members. What does not fit its schema is not believed.
 */

const standingSchema = z.enum(['able', 'draining', 'removed']);
const replicasSchema = z.array(nodeIdSchema).max(64);
const placementSchema = z.array(replicasSchema).max(65_535);
const groupSchema = z
  .int()
  .min(0)
  .max(65_535)
  .transform((group) => group as GroupId);
const revisionSchema = z.int().min(0);

const commandSchema: z.ZodType<FactsCommand> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('found'),
    clusterId: clusterIdSchema,
    nodes: z.array(nodeRefSchema).min(1).max(1_000),
    placement: placementSchema.min(1),
    voters: replicasSchema.min(1),
  }),
  z.object({ type: z.literal('join'), node: nodeRefSchema, groups: z.int().min(1).max(65_535) }),
  z.object({
    type: z.literal('stand'),
    revision: revisionSchema,
    node: nodeIdSchema,
    standing: standingSchema,
  }),
  z.object({
    type: z.literal('place'),
    revision: revisionSchema,
    groups: z.array(z.object({ group: groupSchema, replicas: replicasSchema })).max(65_535),
    voters: replicasSchema,
  }),
]);

const factsSchema: z.ZodType<ClusterFacts> = z.object({
  clusterId: clusterIdSchema.nullable(),
  revision: revisionSchema,
  nodes: z.array(z.object({ id: nodeIdSchema, name: nodeNameSchema, standing: standingSchema })),
  placement: placementSchema,
  voters: replicasSchema,
});

const resultSchema: z.ZodType<FactsResult> = z.object({
  kind: z.literal('facts'),
  outcome: z.enum(['done', 'stale', 'refused']),
  reason: z.string().nullable(),
  revision: revisionSchema,
});

export const encodeFactsCommand = (command: FactsCommand): Uint8Array => encode(command);
/** Null where the bytes are no command that this version knows. */
export const decodeFactsCommand = (bytes: Uint8Array): FactsCommand | null => decode(commandSchema, bytes);

export const encodeFacts = (facts: ClusterFacts): Uint8Array => encode(facts);
/** Null where the bytes are no facts. */
export const decodeFacts = (bytes: Uint8Array): ClusterFacts | null => decode(factsSchema, bytes);

export const encodeFactsResult = (result: FactsResult): Uint8Array => encode(result);
/** Null where the bytes are no result. */
export const decodeFactsResult = (bytes: Uint8Array): FactsResult | null => decode(resultSchema, bytes);

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Null where the bytes are not JSON of this shape. */
export function decode<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
