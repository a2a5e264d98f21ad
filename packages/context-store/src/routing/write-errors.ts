import { StoreError } from '../store-error.js';

/** A write that certainly did not happen. */
export function rejectionError(
  failure: 'overloaded' | 'too_large' | 'unavailable',
  reason: string,
): StoreError {
  switch (failure) {
    case 'overloaded':
      return new StoreError(
        'overloaded',
        'Too many writes wait on the node that leads this context. Nothing was written; retry later.',
      );
    case 'too_large':
      return new StoreError(
        'message_too_large',
        'The messages are too large for one append. Nothing was written; send fewer or smaller ones.',
      );
    case 'unavailable':
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
