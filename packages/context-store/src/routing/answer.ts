import { z } from 'zod';

import { isStoreErrorCode, StoreError } from '../store-error.js';
import { pack, unpack } from './packing.js';

/**
 * What a node answers to a read of another: a value, an error that the caller is meant to see, or the
 * first part of an answer that is too long for one message.
 */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: StoreError }
  /** The other node has a defect, or the bytes are not an answer. */
  | { readonly kind: 'fault'; readonly error: Error }
  | { readonly kind: 'parts'; readonly token: string; readonly total: number; readonly first: Uint8Array };

const details = z.object({
  current_version: z.exactOptional(z.int()),
  minimum_tokens: z.exactOptional(z.int()),
  field: z.exactOptional(z.string()),
});

const answerSchema = z.union([
  z.object({
    parts: z.object({ token: z.string(), total: z.int().min(1), first: z.instanceof(Uint8Array) }),
  }),
  z.object({ error: z.object({ code: z.string(), message: z.string(), details }) }),
  z.object({ value: z.unknown() }),
]);

export const encodeValue = (value: unknown): Uint8Array => pack({ value });

/** Errors that are no `StoreError` cross as a defect, without what they say: that is for the log here. */
export function encodeError(error: unknown): Uint8Array {
  if (!(error instanceof StoreError)) return pack({ error: { code: 'internal', message: '', details: {} } });
  const { code, message } = error;
  return pack({ error: { code, message, details: error.details } });
}

export const encodeParts = (token: string, total: number, first: Uint8Array): Uint8Array =>
  pack({ parts: { token, total, first } });

/** Total: what is not an answer is a fault. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  let found: z.infer<typeof answerSchema>;
  try {
    found = answerSchema.parse(unpack(bytes));
  } catch (cause) {
    return fault('Another node answered what is not an answer.', cause);
  }
  if ('parts' in found) return { kind: 'parts', ...found.parts };
  if (!('error' in found)) return { kind: 'value', value: found.value };
  const { code, message, details } = found.error;
  if (isStoreErrorCode(code)) return { kind: 'error', error: new StoreError(code, message, { details }) };
  return fault(`Another node failed on a read (${code}): see its log.`);
}

export const fault = (message: string, cause?: unknown): Extract<Answer, { kind: 'fault' }> => ({
  kind: 'fault',
  error: new Error(message, { cause }),
});
