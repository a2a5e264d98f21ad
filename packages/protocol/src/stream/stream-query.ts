import { z } from 'zod';
import { queryBoolean, queryInteger } from '../query-number.js';

/** Query of `/v1/contexts/:id/stream`. */
export const streamQuery = z.object({
  cursor: queryInteger({
    min: 0,
    description:
      'The last version that was processed: what came later is replayed. 0 replays everything. Without it only new events come.',
  }),
  include_messages: queryBoolean('false leaves out the `message` of message frames. Default true.'),
  access_token: z
    .string()
    .optional()
    .meta({ description: 'The API key, for browsers, which cannot set headers here. Prefer the header.' }),
});
export type StreamQuery = z.output<typeof streamQuery>;
