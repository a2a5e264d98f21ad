import type { Brand } from '@fastpaca/raft-core';

import { StoreError } from '../store-error.js';

/** 1 to 256 characters of `A-Z a-z 0-9 . _ : @ -`. ASCII, so that characters are bytes. */
export type ContextId = Brand<string, 'ContextId'>;

const pattern = /^[A-Za-z0-9._:@-]{1,256}$/;

export function isContextId(value: string): value is ContextId {
  return pattern.test(value);
}

/** @throws StoreError `invalid_context_id` */
export function contextId(value: string): ContextId {
  if (typeof value !== 'string' || !isContextId(value)) {
    throw new StoreError(
      'invalid_context_id',
      'A context id is 1 to 256 characters of A-Z a-z 0-9 . _ : @ -.',
      { details: { field: 'id' } },
    );
  }
  return value;
}
