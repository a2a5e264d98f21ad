/** Why an estimator refused. Stable: callers may switch on it. */
export type EstimatorErrorCode =
  | 'unknown_estimator'
  | 'invalid_estimator'
  | 'estimator_overloaded'
  | 'estimator_timeout'
  | 'estimator_closed'
  | 'estimator_failed';

/**
 * Error of every function of the estimator part.
 *
 * - `unknown_estimator`: the spec names no known kind, model or encoding; the message lists the known ones.
 * - `invalid_estimator`: the kind is known, its number is not usable (`chars:0`, `*-1`).
 * - `estimator_overloaded`: too much text already waits for the worker; nothing was counted, try again later.
 * - `estimator_timeout`: the worker did not answer within the deadline.
 * - `estimator_closed`: counted after `close()`.
 * - `estimator_failed`: the worker died or could not start; see `cause`.
 */
export class EstimatorError extends Error {
  override readonly name = 'EstimatorError';
  readonly code: EstimatorErrorCode;

  constructor(code: EstimatorErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
