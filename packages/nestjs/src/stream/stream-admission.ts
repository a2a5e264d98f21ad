import { fieldIssue, isContextId, streamQuery } from '@fastpaca/protocol';
import { ApiError, invalidField } from '../errors/api-error.js';
import type { StreamRequest } from './streams.js';

/**
 * What a request asks for.
 * @param query Strings by name, as an HTTP framework parses them.
 * @param lastEventId What a browser sends when it reconnects by itself; it stands before `cursor`,
 *   which is still that of the first connection.
 * @throws ApiError `invalid_context_id`, `invalid_request`
 */
export function streamRequest(id: string, query: unknown, lastEventId?: string): StreamRequest {
  if (!isContextId(id)) {
    throw new ApiError(
      'invalid_context_id',
      'A context id is 1 to 256 characters of A-Z a-z 0-9 . _ : @ - (after percent-decoding)',
      { field: 'id' },
    );
  }
  const result = streamQuery.safeParse(query);
  if (!result.success) {
    const { field, reason } = fieldIssue(result.error);
    throw invalidField('The query string', field, reason);
  }
  return {
    id,
    cursor: cursorOf(lastEventId) ?? result.data.cursor,
    bodies: result.data.include_messages ?? true,
  };
}

function cursorOf(lastEventId: string | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  if (/^\d{1,16}$/.test(lastEventId)) return Number(lastEventId);
  throw invalidField('The header', 'Last-Event-ID', 'must be the id of an event of this stream');
}
