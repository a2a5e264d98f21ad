import { type ErrorCode, errorCodes } from '@fastpaca/protocol';

export interface ApiErrorDetails {
  /** With `invalid_request`: the offending field, as a client writes it. */
  readonly field?: string;
}

/** A refusal that the HTTP layer makes itself. The store throws its own `StoreError`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ApiErrorDetails;

  constructor(code: ErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.code = code;
    this.status = errorCodes[code].status;
    this.details = details;
  }
}

/** 400 that names the field. `field` empty: the value as a whole, called `subject` (“The body”). */
export function invalidField(subject: string, field: string, reason: string): ApiError {
  return field === ''
    ? new ApiError('invalid_request', `${subject} ${reason}`)
    : new ApiError('invalid_request', `${field} ${reason}`, { field });
}
