import { InvalidRequestError } from '../errors/errors.js';

const contextId = /^[A-Za-z0-9._:@-]{1,256}$/;

/**
 * The path of a context.
 *
 * @throws InvalidRequestError `invalid_context_id`, before anything is sent: `.` and `..` would name
 *   another path, since every URL parser resolves them, however they are escaped.
 */
export function contextPath(id: string): string {
  if (!contextId.test(id) || id === '.' || id === '..') {
    throw new InvalidRequestError(
      `The context id ${JSON.stringify(id)} is not 1 to 256 characters of A-Z a-z 0-9 . _ : @ -`,
      {
        code: 'invalid_context_id',
        status: null,
        outcomeUnknown: false,
        attempts: 0,
        retryAfterMs: null,
        field: 'id',
      },
    );
  }
  return `/v1/contexts/${encodeURIComponent(id)}`;
}
