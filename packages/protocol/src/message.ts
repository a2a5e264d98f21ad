import { z } from 'zod';
import { type JsonObject, isJsonObject, jsonObject } from './json-object.js';
import { queryInteger } from './query-number.js';

/** Limits of one request. */
export const limits = {
  roleLength: 64,
  idLength: 256,
  parts: 1000,
  batch: 1000,
  page: 1000,
  depth: 64,
} as const;

/**
 * Text of 1 to so many characters, counted as JavaScript counts and so as the store does: 😀 is two. zod takes it for one,
 * and would let through what the store refuses under another name.
 */
export const shortText = (maximum: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(maximum)
    .refine(({ length }) => length <= maximum, {
      error: `must have at most ${maximum} characters, of which most emoji are two`,
    });

/** A part: an object with a non-empty string `type`; its other members are data. */
export interface Part extends JsonObject {
  readonly type: string;
}

const partSchema = {
  type: 'object',
  required: ['type'],
  properties: { type: { type: 'string', minLength: 1 } },
  additionalProperties: true,
};

/**
 * One loop over all parts, which passes them on as they are. `z.array(z.looseObject(…))` would copy
 * every part, drop a `__proto__` key on the way, and take 270 ms for the 700,000 parts that fit
 * into a body.
 */
const parts = z
  .custom<readonly Part[]>(Array.isArray, { error: 'must be an array' })
  .superRefine((list: readonly unknown[], context) => {
    if (list.length < 1 || list.length > limits.parts) {
      context.addIssue({ code: 'custom', message: `must have 1 to ${limits.parts} items` });
      return;
    }
    const path = firstFault(list);
    if (path === null) return;
    const message = path.length === 1 ? 'must be a JSON object' : 'must be a non-empty string';
    context.addIssue({ code: 'custom', path, message });
  })
  .meta({
    type: 'array',
    minItems: 1,
    maxItems: limits.parts,
    items: partSchema,
    description: 'Stored and returned as sent, key order and unknown keys included.',
  });

function firstFault(list: readonly unknown[]): (string | number)[] | null {
  for (let i = 0; i < list.length; i++) {
    const part = list[i];
    if (!isJsonObject(part)) return [i];
    const type = part['type'];
    if (typeof type !== 'string' || type === '') return [i, 'type'];
  }
  return null;
}

const tokenCount = z
  .int()
  .min(0)
  .optional()
  .meta({ description: 'Tokens of the message, used verbatim. Omitted: the server counts.' });

/** One message as a client sends it. */
export const messageBody = z
  .object({
    role: shortText(limits.roleLength),
    parts,
    token_count: tokenCount,
    metadata: jsonObject.optional(),
    id: shortText(limits.idLength).optional().meta({ description: 'Makes the append safe to retry.' }),
  })
  .meta({ id: 'MessageInput' });
export type MessageBody = z.output<typeof messageBody>;

const ifVersion = z
  .int()
  .min(0)
  .optional()
  .meta({ description: 'The call succeeds only if the context has this version.' });

/** Body of `POST /v1/contexts/:id/messages`: one `message`, or `messages` as one atomic batch. */
export const appendBody = z
  .object({
    message: messageBody.optional(),
    messages: z.array(messageBody).min(1).max(limits.batch).optional(),
    if_version: ifVersion,
  })
  .superRefine((body, context) => {
    if (body.message === undefined && body.messages === undefined) {
      context.addIssue({ code: 'custom', path: ['message'], message: 'is required (or messages: [...])' });
    }
    if (body.message !== undefined && body.messages !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['messages'],
        message: 'cannot be sent together with message',
      });
    }
  })
  .meta({ id: 'Append', description: 'Either message or messages.' });
export type AppendBody = z.output<typeof appendBody>;

const appended = { seq: z.int(), token_estimate: z.int() };
const deduped = z
  .literal(true)
  .optional()
  .meta({ description: 'The call was a retry: this is the first answer, nothing was written.' });
export const appendAnswer = z
  .union([
    z.object({ version: z.int(), ...appended, deduped }),
    z.object({ version: z.int(), results: z.array(z.object(appended)), deduped }),
  ])
  .meta({ id: 'Appended', description: 'The second form answers a batch.' });
export type AppendAnswer = z.output<typeof appendAnswer>;

/** Body of `POST /v1/contexts/:id/compact`. */
export const compactBody = z
  .object({
    replacement: z.array(messageBody).max(limits.batch),
    if_version: ifVersion,
    up_to_seq: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'The replacement stands for messages up to here; later ones stay live.' }),
  })
  .meta({ id: 'Compact' });
export type CompactBody = z.output<typeof compactBody>;

export const compactAnswer = z.object({ version: z.int() }).meta({ id: 'Compacted' });
export type CompactAnswer = z.output<typeof compactAnswer>;

/** A message as it is read. */
export const messageAnswer = z
  .object({
    seq: z.int().meta({ description: 'Position in the log: 1, 2, 3, … without a hole.' }),
    id: z.string().optional(),
    role: z.string(),
    parts,
    metadata: jsonObject,
    token_count: z.int(),
    inserted_at: z.iso.datetime(),
  })
  .meta({ id: 'Message' });
export type MessageAnswer = z.output<typeof messageAnswer>;

const pageLimit = queryInteger({
  min: 1,
  clampTo: limits.page,
  default: 100,
  description: 'Messages a page; values above 1000 are taken as 1000.',
});

export const tailQuery = z.object({
  limit: pageLimit,
  offset: queryInteger({ min: 0, default: 0, description: 'Messages to skip, counted from the newest.' }),
});
export type TailQuery = z.output<typeof tailQuery>;

export const tailAnswer = z.object({ messages: z.array(messageAnswer) }).meta({ id: 'Tail' });
export type TailAnswer = z.output<typeof tailAnswer>;

export const messagesQuery = z.object({
  from_seq: queryInteger({
    description: 'First seq, inclusive; negative counts from the end (-50: the last 50).',
  }),
  to_seq: queryInteger({ description: 'Last seq, inclusive.' }),
  cursor: queryInteger({ min: 0, description: 'Exclusive: the page begins after this seq.' }),
  limit: pageLimit,
});
export type MessagesQuery = z.output<typeof messagesQuery>;

export const messagesAnswer = z
  .object({ messages: z.array(messageAnswer), next_cursor: z.int().nullable() })
  .meta({ id: 'MessagePage' });
export type MessagesAnswer = z.output<typeof messagesAnswer>;
