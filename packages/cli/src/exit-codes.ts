import {
  ConflictError,
  ConnectionError,
  FastpacaError,
  IdempotencyConflictError,
  NotFoundError,
  OutcomeUnknownError,
  RateLimitedError,
  TimeoutError,
  TombstonedError,
  UnauthorizedError,
  UnavailableError,
} from '@fastpaca/fastpaca';

/** What the process ends with. They are stable: scripts may branch on them. */
export const exitCodes = {
  ok: 0,
  /** Anything that has no code of its own. */
  error: 1,
  /** The command line is wrong; nothing was sent. */
  usage: 2,
  notFound: 3,
  /** Another version, a tombstone, a key that was used before, or a context that differs on import. */
  conflict: 4,
  /** No node answered, or none can serve now: try again later. */
  unavailable: 5,
  /** No API key, or a wrong one. */
  unauthorized: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line or its input is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command did its work, and the work has an outcome that is none of a success. */
export class OutcomeError extends Error {
  override readonly name = 'OutcomeError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof OutcomeError) return error.exitCode;
  if (!(error instanceof FastpacaError)) return exitCodes.error;
  if (error.code === 'node_not_drained' || error.code === 'quorum_would_be_lost') return exitCodes.conflict;
  if (error.code === 'invalid_context_id') return exitCodes.usage;
  if (error instanceof NotFoundError) return exitCodes.notFound;
  if (error instanceof UnauthorizedError) return exitCodes.unauthorized;
  if (isConflict(error)) return exitCodes.conflict;
  return isUnavailable(error) ? exitCodes.unavailable : exitCodes.error;
}

const isConflict = (error: FastpacaError): boolean =>
  error instanceof ConflictError ||
  error instanceof TombstonedError ||
  error instanceof IdempotencyConflictError;

const isUnavailable = (error: FastpacaError): boolean =>
  error instanceof ConnectionError ||
  error instanceof TimeoutError ||
  error instanceof UnavailableError ||
  error instanceof OutcomeUnknownError ||
  error instanceof RateLimitedError;
