import { z } from 'zod';

const contextIdText = /^[A-Za-z0-9._:@-]{1,256}$/;

/** Whether `id`, after percent-decoding, may name a context. */
export function isContextId(id: string): boolean {
  return contextIdText.test(id);
}

/** Id of a context, chosen by the client: 1 to 256 characters of `A-Z a-z 0-9 . _ : @ -`. */
export const contextId = z.string().regex(contextIdText).meta({ description: 'Id of the context' });
