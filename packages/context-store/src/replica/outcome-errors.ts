import type { RejectReason } from '@fastpaca/raft-core';

import { StoreError } from '../store-error.js';

/** A proposal that was certainly never appended. */
export function rejectionError(reason: RejectReason): StoreError {
  switch (reason) {
    case 'overloaded':
      return new StoreError(
        'overloaded',
        'Too many writes wait on this node. Nothing was written; retry later.',
      );
    case 'too_large':
      return new StoreError(
        'message_too_large',
        'The messages are too large for one append. Nothing was written; send fewer or smaller ones.',
      );
    case 'not_leader':
    case 'no_group':
    case 'damaged':
    case 'closing':
    case 'transferring':
      return new StoreError(
        'unavailable',
        `The write was not taken (${reason}). Nothing was written; retry.`,
      );
  }
}

export function unknownOutcome(reason: string): StoreError {
  return new StoreError(
    'outcome_unknown',
    `The write may or may not have happened (${reason}). Retry it under the same Idempotency-Key or message id.`,
  );
}
