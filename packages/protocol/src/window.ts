import { z } from 'zod';
import { messageAnswer } from './message.js';
import { queryBoolean, queryInteger } from './query-number.js';

export const windowQuery = z.object({
  budget_tokens: queryInteger({ min: 1, description: 'Overrides the stored budget for this one read.' }),
  if_version: queryInteger({ min: 0, description: '409 unless the context has this version.' }),
  explain: queryBoolean('Adds why each message is or is not in the window.'),
});
export type WindowQuery = z.output<typeof windowQuery>;

export const segment = z
  .object({
    type: z.enum(['summary', 'live', 'pinned']),
    from_seq: z.int(),
    to_seq: z.int(),
    tokens: z.int(),
  })
  .meta({ id: 'Segment', description: 'A run of the window. The range of a summary is what it stands for.' });
export type Segment = z.output<typeof segment>;

export const explainedMessage = z
  .object({
    seq: z.int().nullable().meta({ description: 'null for a replacement message' }),
    kept: z.boolean(),
    reason: z.string(),
    tokens: z.int(),
  })
  .meta({ id: 'ExplainedMessage' });
export type ExplainedMessage = z.output<typeof explainedMessage>;

export const windowAnswer = z
  .object({
    version: z.int(),
    messages: z.array(
      messageAnswer
        .extend({ seq: z.int().nullable().meta({ description: 'null for a replacement message' }) })
        .meta({ id: 'WindowMessage', description: 'A message of the log, or of a replacement.' }),
    ),
    used_tokens: z.int().meta({ description: 'Never above the budget of the read.' }),
    needs_compaction: z.boolean(),
    segments: z.array(segment),
    explain: z.array(explainedMessage).optional(),
  })
  .meta({ id: 'Window' });
export type WindowAnswer = z.output<typeof windowAnswer>;
