import { z } from 'zod';
import { isContextId } from '../context-id.js';

const ids = z
  .string()
  .transform((text) => text.split(','))
  .refine((list) => list.every(isContextId), { error: 'must be context ids, separated by commas' })
  .optional()
  .meta({ type: 'string', description: 'Only these contexts: ids, separated by commas.' });

/** Query of `GET /v1/admin/backup`. Without one, all contexts. */
export const backupQuery = z
  .object({
    prefix: z.string().max(256).optional().meta({ description: 'Only ids that begin with this.' }),
    ids,
  })
  .refine((query) => query.prefix === undefined || query.ids === undefined, {
    path: ['ids'],
    error: 'cannot be sent together with prefix',
  });
export type BackupQuery = z.output<typeof backupQuery>;

/** Query of `POST /v1/admin/import`. */
export const importQuery = z.object({
  on_conflict: z.enum(['keep', 'overwrite'], { error: 'must be keep or overwrite' }).optional().meta({
    description:
      'What becomes of a context that is there already and differs: `keep` (default) leaves it and reports it, `overwrite` replaces it.',
  }),
});
export type ImportQuery = z.output<typeof importQuery>;

/** Answer of `POST /v1/admin/import`. */
export const importAnswer = z
  .object({
    imported: z.int().meta({ description: 'Contexts that were not there before.' }),
    replaced: z.int().meta({ description: 'Contexts that were there, and differed; with overwrite.' }),
    unchanged: z.int().meta({ description: 'Contexts that were there already, the same in every byte.' }),
    messages: z.int().meta({ description: 'Messages that were written.' }),
    conflicts: z
      .array(z.object({ id: z.string(), reason: z.string() }))
      .meta({ description: 'Contexts that were left as they are: the first 1,000.' }),
    conflict_count: z.int(),
  })
  .meta({ id: 'ImportReport' });
export type ImportAnswer = z.output<typeof importAnswer>;
