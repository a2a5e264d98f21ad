import { z } from 'zod';
import { fieldIssue } from './issue.js';
import { type JsonObject, isJsonObject } from './json-object.js';

export const strategies = ['last_n', 'skip_parts', 'manual'] as const;
export type Strategy = (typeof strategies)[number];

export interface Policy {
  readonly strategy: Strategy;
  /** As the client sent it, key for key. */
  readonly config: JsonObject;
}

const configs = {
  last_n: z.object({ limit: z.int().min(1).optional() }),
  skip_parts: z.object({
    skip_kinds: z.array(z.string().min(1).max(64)).max(64).optional(),
    limit: z.int().min(1).optional(),
    keep_last: z.int().min(0).optional(),
  }),
  manual: z.object({}),
} as const satisfies Record<Strategy, z.ZodType>;

/**
 * How a window is kept within its budget. The config is checked against its strategy and passed on as
 * sent, so that a later reader sees the client's own keys.
 */
export const policy = z
  .object({
    strategy: z.enum(strategies, { error: `must be one of ${strategies.join(', ')}` }),
    config: z.unknown().optional(),
  })
  .transform(({ strategy, config }, context): Policy => {
    const given = config ?? {};
    if (!isJsonObject(given) || config === null) {
      context.addIssue({ code: 'custom', path: ['config'], message: 'must be a JSON object' });
      return z.NEVER;
    }
    const checked = configs[strategy].safeParse(given);
    for (const issue of checked.error?.issues ?? []) {
      const { field, reason } = fieldIssue(new z.core.$ZodError([issue]));
      context.addIssue({ code: 'custom', path: ['config', field], message: reason });
    }
    return { strategy, config: given };
  })
  .meta({
    id: 'Policy',
    description:
      'How the window is kept within its budget. last_n: {limit}. skip_parts: {skip_kinds, limit, keep_last}. manual: {}.',
    properties: {
      strategy: { type: 'string', enum: [...strategies] },
      config: {
        type: 'object',
        additionalProperties: true,
        properties: {
          limit: { type: 'integer', minimum: 1 },
          skip_kinds: { type: 'array', items: { type: 'string' } },
          keep_last: { type: 'integer', minimum: 0 },
        },
      },
    },
  });
