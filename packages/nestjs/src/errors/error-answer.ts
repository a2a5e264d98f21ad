import { StoreError } from '@fastpaca/context-store';
import { type ErrorAnswer, type ErrorCode, errorCodes } from '@fastpaca/protocol';
import { ApiError } from './api-error.js';

export interface ErrorReply {
  readonly status: number;
  readonly body: ErrorAnswer;
}

/** Codes for failures that the HTTP stack reports by status alone. */
const codeOfStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [408, 'request_timeout'],
  [413, 'body_too_large'],
  [414, 'uri_too_long'],
  [415, 'unsupported_media_type'],
  [429, 'rate_limited'],
  [431, 'headers_too_large'],
  [503, 'unavailable'],
]);

const messageOfCode: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'Send a valid API key: Authorization: Bearer KEY',
  forbidden: 'The application refuses this call',
  request_timeout: 'The request did not arrive in full in time',
  body_too_large: 'The body is larger than this server accepts',
  uri_too_long: 'The path is longer than this server reads',
  unsupported_media_type: 'Send the body with Content-Type: application/json',
  rate_limited: 'This node gets more requests than its limit allows',
  headers_too_large: 'The headers are larger than this server reads',
  unavailable: 'This node cannot serve the call now, nothing was written: retry with backoff',
  internal: 'The server failed on this request; its log has the details',
};

/** The answer to any failure. What is not known by name becomes a 500 that tells nothing about the inside. */
export function errorReply(error: unknown): ErrorReply {
  if (error instanceof ApiError || error instanceof StoreError) {
    const known = error.code in errorCodes && error.status !== 500;
    if (known) return reply(error.code, error.message, error.details);
    return reply(error.code, messageOfCode.internal ?? '');
  }
  const status = statusOf(error);
  const code = codeOfStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid_request' : 'internal');
  return reply(code, messageOfCode[code] ?? textOf(error));
}

/** Whether the failure is a defect, which belongs into the log in full. */
export function isDefect(error: unknown): boolean {
  return errorReply(error).status === 500;
}

function reply(
  code: ErrorCode,
  message: string,
  details: Omit<ErrorAnswer, 'error' | 'message'> = {},
): ErrorReply {
  return { status: errorCodes[code].status, body: { error: code, message, ...details } };
}

/** Nest keeps the status of an exception in `getStatus()`, Fastify and Node in `statusCode`. */
function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500;
  if ('getStatus' in error && typeof error.getStatus === 'function') return Number(error.getStatus());
  return 'statusCode' in error ? Number(error.statusCode) : 500;
}

function textOf(error: unknown): string {
  const text = typeof error === 'object' && error !== null && 'message' in error ? error.message : null;
  return typeof text === 'string' && text !== '' ? text : 'The request is invalid';
}
