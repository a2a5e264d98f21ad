import type { ErrorAnswer } from '@fastpaca/protocol';

/** How one try of a call ended, where it did not end well. */
export type Failure =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Null where the answer is not the store's, but of something in between. */
      readonly body: (Omit<ErrorAnswer, 'error'> & { readonly error: string }) | null;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'connection'; readonly cause: unknown }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** A good status with a body that is cut off, or not what the store sends. */
  | { readonly kind: 'broken'; readonly status: number; readonly what: string; readonly cause?: unknown };

/**
 * - `not_applied`: the call certainly had no effect; another try is safe, whatever the call is.
 * - `unknown`: it may have had; another try is safe only if the call may happen twice.
 * - `final`: another try would end the same way.
 */
export type Outcome = 'not_applied' | 'unknown' | 'final';

/** Codes whose meaning in docs/reference/errors.md is that nothing was written. */
const nothingWritten = new Set(['unavailable', 'overloaded', 'rate_limited', 'request_timeout']);

export function outcomeOf(failure: Failure): Outcome {
  switch (failure.kind) {
    case 'connection':
      return neverConnected(failure.cause) ? 'not_applied' : 'unknown';
    case 'timeout':
    case 'broken':
      return 'unknown';
    case 'answer': {
      if (failure.body !== null && nothingWritten.has(failure.body.error)) return 'not_applied';
      if (failure.status === 429) return 'not_applied';
      // A 503 without the store's body comes from a proxy, which may have passed the call on.
      return transient.has(failure.status) ? 'unknown' : 'final';
    }
  }
}

const transient = new Set([408, 502, 503, 504]);

/**
 * Whether the failure may have had an effect, retried or not. A 500 is final, yet says nothing about
 * what was written before the defect.
 */
export function mayHaveApplied(failure: Failure): boolean {
  if (failure.kind === 'answer' && failure.status === 500) return true;
  return outcomeOf(failure) === 'unknown';
}

const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

/**
 * The standard gives a failed fetch no reason, but Node and Bun add a code. Where there is none (Deno,
 * browsers) the outcome counts as unknown.
 */
function neverConnected(cause: unknown): boolean {
  for (let error = cause, depth = 0; depth < 4 && typeof error === 'object' && error !== null; depth++) {
    if ('code' in error && typeof error.code === 'string' && connectCodes.has(error.code)) return true;
    error = 'cause' in error ? error.cause : null;
  }
  return false;
}
