import { z } from 'zod';
import { jsonObject } from './json-object.js';
import { policy, strategies } from './policy.js';
import { queryInteger } from './query-number.js';

export const contextStatuses = ['active', 'tombstoned'] as const;

/** Body of `PUT /v1/contexts/:id`. An omitted member keeps its value, or its default on create. */
export const putContextBody = z
  .object({
    token_budget: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Ceiling of the window in tokens. Default 8000.' }),
    trigger_ratio: z
      .number()
      .gt(0)
      .lte(1)
      .optional()
      .meta({ description: 'Share of the budget at which compaction starts. Default 0.7.' }),
    policy: policy.optional(),
    metadata: jsonObject.optional(),
    status: z.literal('active').optional().meta({ description: 'Brings a tombstoned context back.' }),
  })
  .meta({ id: 'PutContext' });
export type PutContextBody = z.output<typeof putContextBody>;

/** Body of `PATCH /v1/contexts/:id/metadata`: a JSON merge patch (RFC 7396). */
export const patchMetadataBody = z
  .object({ metadata: jsonObject })
  .meta({ id: 'PatchMetadata', description: 'JSON merge patch: null removes a key.' });
export type PatchMetadataBody = z.output<typeof patchMetadataBody>;

/** A context as every endpoint answers it. */
export const contextAnswer = z
  .object({
    id: z.string(),
    status: z.enum(contextStatuses),
    token_budget: z.int(),
    trigger_ratio: z.number(),
    policy: z.object({ strategy: z.enum(strategies), config: jsonObject }),
    metadata: jsonObject,
    version: z.int().meta({ description: '+1 for every append call and every compaction.' }),
    last_seq: z.int().meta({ description: 'Position of the newest message; 0 while the log is empty.' }),
    archived_seq: z.int(),
    used_tokens: z.int(),
    needs_compaction: z.boolean(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Context' });
export type ContextAnswer = z.output<typeof contextAnswer>;

export const listContextsQuery = z.object({
  limit: queryInteger({ min: 1, clampTo: 1000, default: 100, description: 'Contexts a page; at most 1000.' }),
  cursor: z.string().min(1).max(1024).optional().meta({ description: 'next_cursor of the page before.' }),
  status: z.enum(contextStatuses, { error: `must be one of ${contextStatuses.join(', ')}` }).optional(),
  prefix: z.string().max(256).optional().meta({ description: 'Only ids that begin with this.' }),
});
export type ListContextsQuery = z.output<typeof listContextsQuery>;

export const listContextsAnswer = z
  .object({ contexts: z.array(contextAnswer), next_cursor: z.string().nullable() })
  .meta({ id: 'ContextPage' });
export type ListContextsAnswer = z.output<typeof listContextsAnswer>;

export const deleteContextQuery = z.object({
  mode: z
    .enum(['tombstone', 'erase'], { error: 'must be tombstone or erase' })
    .optional()
    .meta({ description: 'erase removes log, window and archived rows for good. Default tombstone.' }),
});
export type DeleteContextQuery = z.output<typeof deleteContextQuery>;
