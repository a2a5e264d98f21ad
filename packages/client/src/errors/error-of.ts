import { outcomeOf, type Failure } from '../http/failure.js';
import {
  BudgetError,
  ConflictError,
  ConnectionError,
  FastpacaError,
  IdempotencyConflictError,
  InvalidRequestError,
  NotFoundError,
  OutcomeUnknownError,
  RateLimitedError,
  TimeoutError,
  TombstonedError,
  UnauthorizedError,
  UnavailableError,
  type ErrorDetails,
} from './errors.js';

/** What became of a call beside its last failure. */
export interface CallHistory {
  readonly attempts: number;
  /** Whether an earlier try, or this one, may have taken effect. */
  readonly outcomeUnknown: boolean;
  /** `POST http://…`, for the message. */
  readonly call: string;
}

/** The error that a caller sees for the last failure of a call. */
export function errorOf(failure: Failure, history: CallHistory): FastpacaError {
  const { attempts, outcomeUnknown, call } = history;
  const common = { attempts, outcomeUnknown, field: null, retryAfterMs: null };
  const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
  switch (failure.kind) {
    case 'connection':
      return new ConnectionError(`${call} failed: ${textOf(failure.cause)}${tries}`, {
        ...common,
        code: 'connection_failed',
        status: null,
        cause: failure.cause,
      });
    case 'timeout':
      return new TimeoutError(`${call} had no complete answer within ${failure.timeoutMs} ms${tries}`, {
        ...common,
        code: 'timeout',
        status: null,
      });
    case 'broken':
      return new FastpacaError(`${call} was answered with ${failure.status} and ${failure.what}${tries}`, {
        ...common,
        code: 'bad_response',
        status: failure.status,
        ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      });
    case 'answer':
      return answered(failure, { ...common, retryAfterMs: failure.retryAfterMs }, call + tries);
  }
}

type Common = Omit<ErrorDetails, 'code' | 'status' | 'cause'>;

type Answer = Extract<Failure, { kind: 'answer' }>;

function answered(failure: Answer, common: Common, call: string): FastpacaError {
  const { status, body } = failure;
  const code = body?.error ?? codeOfStatus(status);
  const message = body?.message ?? `${call} was answered with ${status} and no message of the store`;
  const details = { ...common, code, status, field: body?.field ?? null };
  switch (code) {
    case 'conflict':
      return new ConflictError(message, { ...details, currentVersion: body?.current_version ?? -1 });
    case 'budget_unsatisfiable':
      return new BudgetError(message, { ...details, minimumTokens: body?.minimum_tokens ?? -1 });
    case 'context_tombstoned':
      return new TombstonedError(message, details);
    case 'idempotency_conflict':
      return new IdempotencyConflictError(message, details);
    case 'outcome_unknown':
      return new OutcomeUnknownError(message, details);
    default:
      return ofStatus(failure, message, details);
  }
}

/** For codes without a class of their own. */
function ofStatus(failure: Answer, message: string, details: ErrorDetails): FastpacaError {
  const { status } = failure;
  if (status === 401) return new UnauthorizedError(message, details);
  if (status === 404) return new NotFoundError(message, details);
  if (status === 429) return new RateLimitedError(message, details);
  if (status === 503 || outcomeOf(failure) === 'not_applied') return new UnavailableError(message, details);
  if (status === 504) return new OutcomeUnknownError(message, details);
  if (status >= 400 && status < 500) return new InvalidRequestError(message, details);
  return new FastpacaError(message, details);
}

/** For answers of something in between, such as a load balancer, that has no code of the store. */
function codeOfStatus(status: number): ErrorDetails['code'] {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 404:
      return 'not_found';
    case 429:
      return 'rate_limited';
    case 503:
      return 'unavailable';
    case 504:
      return 'outcome_unknown';
    default:
      return 'bad_response';
  }
}

/** `fetch failed` says nothing; its cause does. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause : null;
  return inner === null || inner.message === '' ? cause.message : `${cause.message}: ${inner.message}`;
}
