import type { ErrorCode } from '@fastpaca/protocol';

/**
 * Codes that the client gives itself, where no node of the store has answered:
 *
 * - `connection_failed`: the node was not reached, or the connection broke.
 * - `timeout`: no complete answer within `timeoutMs`.
 * - `bad_response`: an answer that is not one of the store's, or only half of it.
 */
export type LocalErrorCode = 'connection_failed' | 'timeout' | 'bad_response';

/** What every error of this package carries beside its message. */
export interface ErrorDetails {
  /** A code of docs/reference/errors.md, or a local one. A newer server may send others. */
  readonly code: ErrorCode | LocalErrorCode | (string & Record<never, never>);
  /** HTTP status of the last answer; null where there was none. */
  readonly status: number | null;
  /** Whether the call may have taken effect although it failed. False for reads. */
  readonly outcomeUnknown: boolean;
  /** How often the call was tried. */
  readonly attempts: number;
  /** With 429 and 503: how long the node asked to wait. */
  readonly retryAfterMs: number | null;
  /** With 400: the member of the body or the parameter that is wrong. */
  readonly field: string | null;
  readonly cause?: unknown;
}

/**
 * Any failure of a call. Branch on the class or on `code`; both are stable.
 *
 * An abort is not among them: a call whose `signal` is aborted rejects with the signal's reason.
 */
export class FastpacaError extends Error {
  override readonly name: string = 'FastpacaError';
  readonly code: ErrorDetails['code'];
  readonly status: number | null;
  readonly outcomeUnknown: boolean;
  readonly attempts: number;
  readonly retryAfterMs: number | null;
  readonly field: string | null;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.outcomeUnknown = details.outcomeUnknown;
    this.attempts = details.attempts;
    this.retryAfterMs = details.retryAfterMs;
    this.field = details.field;
  }
}

/**
 * 409 `conflict`: `ifVersion` is not the version of the context. Nothing was written by the try that
 * was answered so. Where `outcomeUnknown` is true an earlier try may have been the one that moved it.
 */
export class ConflictError extends FastpacaError {
  override readonly name = 'ConflictError';
  readonly currentVersion: number;

  constructor(message: string, details: ErrorDetails & { readonly currentVersion: number }) {
    super(message, details);
    this.currentVersion = details.currentVersion;
  }
}

/** 422 `budget_unsatisfiable`: read again with at least `minimumTokens`, or compact. */
export class BudgetError extends FastpacaError {
  override readonly name = 'BudgetError';
  readonly minimumTokens: number;

  constructor(message: string, details: ErrorDetails & { readonly minimumTokens: number }) {
    super(message, details);
    this.minimumTokens = details.minimumTokens;
  }
}

/** 409 `context_tombstoned`: the context was deleted; it can be read, not written. */
export class TombstonedError extends FastpacaError {
  override readonly name = 'TombstonedError';
}

/** 409 `idempotency_conflict`: the key or message id was used before, with other content. */
export class IdempotencyConflictError extends FastpacaError {
  override readonly name = 'IdempotencyConflictError';
}

/** 404 `context_not_found`, or a path that this server does not have. */
export class NotFoundError extends FastpacaError {
  override readonly name = 'NotFoundError';
}

/** 401 `unauthorized`: no API key, or a wrong one. */
export class UnauthorizedError extends FastpacaError {
  override readonly name = 'UnauthorizedError';
}

/** 400, 413, 415 and the like: the call itself is wrong; `field` names what. Do not retry unchanged. */
export class InvalidRequestError extends FastpacaError {
  override readonly name = 'InvalidRequestError';
}

/** 429 `rate_limited`, after the retries. */
export class RateLimitedError extends FastpacaError {
  override readonly name = 'RateLimitedError';
}

/** 503 `unavailable` or `overloaded`, after the retries. Where `outcomeUnknown` is false nothing was written. */
export class UnavailableError extends FastpacaError {
  override readonly name = 'UnavailableError';
}

/** 504 `outcome_unknown`, after the retries: the call may or may not have happened. */
export class OutcomeUnknownError extends FastpacaError {
  override readonly name = 'OutcomeUnknownError';
}

/** `connection_failed`: no node was reached, or the connection broke, after the retries. */
export class ConnectionError extends FastpacaError {
  override readonly name = 'ConnectionError';
}

/** `timeout`: no complete answer within `timeoutMs`, after the retries. */
export class TimeoutError extends FastpacaError {
  override readonly name = 'TimeoutError';
}
