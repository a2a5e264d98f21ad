import { groupId, type GroupId } from '@fastpaca/raft-core';
import { z } from 'zod';

import { isContextId } from '../context/context-id.js';
import type { GroupsPage } from '../list/list-groups.js';
import type { ListOptions } from '../list/list-options.js';
import { pack, unpack } from './packing.js';
import { contextFromWire, contextToWire } from './read-kinds.js';

/** A page of contexts, of some groups only. */
export interface ListRequest {
  readonly groups: readonly GroupId[];
  readonly options: Omit<ListOptions, 'deadlineMs'>;
}

const id = z.string().refine(isContextId);

const groupIds = z.array(
  z
    .int()
    .min(0)
    .max(0xffff)
    .transform((group) => groupId(group)),
);

const requestSchema = z.object({
  groups: groupIds,
  limit: z.exactOptional(z.int()),
  cursor: z.exactOptional(z.string()),
  status: z.exactOptional(z.enum(['active', 'tombstoned'])),
  prefix: z.exactOptional(z.string()),
  // Pairs: a key of a map may be `__proto__`.
  metadata: z.exactOptional(z.array(z.tuple([z.string(), z.string()]))),
});

export function encodeListRequest({ groups, options }: ListRequest): Uint8Array {
  const { limit, cursor, status, prefix, metadata } = options;
  return pack({
    groups,
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
    ...(status !== undefined && { status }),
    ...(prefix !== undefined && { prefix }),
    ...(metadata !== undefined && { metadata: Object.entries(metadata) }),
  });
}

/** @throws z.ZodError */
export function decodeListRequest(bytes: Uint8Array): ListRequest {
  const { groups, metadata, ...options } = requestSchema.parse(unpack(bytes));
  return {
    groups,
    options: { ...options, ...(metadata && { metadata: Object.fromEntries(metadata) }) },
  };
}

export const listedToWire = ({ groups, contexts, nextCursor }: GroupsPage): unknown => ({
  groups,
  contexts: contexts.map(({ id, context }) => ({ id, context: contextToWire(context) })),
  nextCursor,
});

export const listedFromWire: z.ZodType<GroupsPage> = z.object({
  groups: groupIds,
  contexts: z.array(z.object({ id, context: contextFromWire })),
  nextCursor: id.nullable(),
});
