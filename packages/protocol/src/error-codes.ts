import { z } from 'zod';

interface ErrorEntry {
  readonly status: number;
  readonly meaning: string;
  readonly remedy: string;
}

/**
 * Every value that `error` can take, with its HTTP status, what it means and what to do. The codes are
 * stable: a client may branch on them. docs/reference/errors.md is made from this table.
 */
export const errorCodes = {
  invalid_request: {
    status: 400,
    meaning: 'The body, a query parameter or a header is malformed or has a wrong type. `field` names it.',
    remedy: 'Correct the field. Do not retry unchanged.',
  },
  invalid_context_id: {
    status: 400,
    meaning: 'The id in the path is not 1 to 256 characters of `A-Z a-z 0-9 . _ : @ -`.',
    remedy: 'Use another id.',
  },
  invalid_settings: {
    status: 400,
    meaning: 'A setting of the context is out of its range.',
    remedy: 'Correct the field that `field` names.',
  },
  invalid_metadata: {
    status: 400,
    meaning: 'The metadata of the context is too large or not an object.',
    remedy: 'Store less, or put the data into messages.',
  },
  invalid_message: {
    status: 400,
    meaning: 'A message breaks a limit: role, parts, id or token count.',
    remedy: 'Correct the field that `field` names.',
  },
  invalid_idempotency_key: {
    status: 400,
    meaning:
      'The `Idempotency-Key` or message id is empty, longer than 256 characters, or appears twice in one batch.',
    remedy: 'Send one key of 1 to 256 characters.',
  },
  invalid_version: {
    status: 400,
    meaning: '`if_version` is not a non-negative integer.',
    remedy: 'Send the `version` of an earlier answer.',
  },
  invalid_window: {
    status: 400,
    meaning:
      'The replacement is not a window that a model provider accepts: its first message after the system messages is not `user`, or a tool result has no call.',
    remedy: 'Begin the replacement with a user message and keep tool calls together with their results.',
  },
  invalid_up_to_seq: {
    status: 400,
    meaning: '`up_to_seq` lies beyond the newest message, or before what the window already stands for.',
    remedy: 'Send the `seq` of a message of the current window.',
  },
  invalid_budget: {
    status: 400,
    meaning: '`budget_tokens` is not a positive integer.',
    remedy: 'Send a positive integer, or omit it.',
  },
  invalid_range: {
    status: 400,
    meaning: 'A limit, an offset, or a seq of the range is not acceptable.',
    remedy: 'Correct the field that `field` names.',
  },
  invalid_cursor: {
    status: 400,
    meaning: 'The cursor was not made by the page before.',
    remedy: 'Send `next_cursor` as it was received, or begin without a cursor.',
  },
  invalid_backup: {
    status: 400,
    meaning:
      'What was sent to be imported is not a backup, is cut off, or was altered. Contexts that were complete before the fault are there, no other is.',
    remedy: 'Send the whole file as it was written; what is there already is skipped.',
  },
  unauthorized: {
    status: 401,
    meaning: 'The server has API keys, and the request carries none of them.',
    remedy: 'Send `Authorization: Bearer KEY`.',
  },
  forbidden: {
    status: 403,
    meaning:
      'The application that the store is embedded in refuses the call. The server itself never answers this.',
    remedy: 'Ask who runs the application.',
  },
  not_found: {
    status: 404,
    meaning: 'There is no such path, or not with this method.',
    remedy: 'See /docs for the paths.',
  },
  context_not_found: {
    status: 404,
    meaning: 'No context has this id.',
    remedy: 'Create it with `PUT /v1/contexts/:id`.',
  },
  node_not_found: {
    status: 404,
    meaning: 'No node of the cluster has this name.',
    remedy: 'See `GET /v1/cluster` for the names.',
  },
  request_timeout: {
    status: 408,
    meaning: 'The request did not arrive in full in time.',
    remedy: 'Send it again. Nothing was written.',
  },
  conflict: {
    status: 409,
    meaning: '`if_version` is not the current version. `current_version` is. Nothing was written.',
    remedy: 'Read the context again and decide anew.',
  },
  context_tombstoned: {
    status: 409,
    meaning: 'The context was deleted: it can be read, not written.',
    remedy: 'Bring it back with `PUT` and `"status": "active"`, or use another id.',
  },
  idempotency_conflict: {
    status: 409,
    meaning: 'This key was used before, with other content.',
    remedy: 'Use a fresh key for a new message.',
  },
  node_not_drained: {
    status: 409,
    meaning: 'The node is running and holds replicas, or could get some: it cannot be removed.',
    remedy: 'Drain it with `POST /v1/cluster/nodes/:name/drain` and wait until it holds none, or stop it.',
  },
  quorum_would_be_lost: {
    status: 409,
    meaning:
      'Without the node, some groups would have no majority of running replicas, or some have no leader and may be waiting for it.',
    remedy: 'Bring the other nodes back first, or restore this one.',
  },
  archive_incomplete: {
    status: 410,
    meaning:
      'The range begins with messages that were archived, and the archive does not have them any more: somebody has deleted them there.',
    remedy: 'Read from a later `seq`, or restore the archive.',
  },
  body_too_large: {
    status: 413,
    meaning: 'The body is larger than `FASTPACA_MAX_BODY_BYTES`.',
    remedy: 'Send fewer messages a call, or put large files elsewhere and send their URL.',
  },
  message_too_large: {
    status: 413,
    meaning: 'The call is larger than one log entry may be.',
    remedy: 'Send fewer messages a call, or put large files elsewhere and send their URL.',
  },
  page_too_large: {
    status: 413,
    meaning: 'The messages of the page are too large together to be answered in one piece.',
    remedy: 'Ask for fewer with `limit`, or stream them with `Accept: application/x-ndjson`.',
  },
  uri_too_long: {
    status: 414,
    meaning: 'The path is longer than the server reads.',
    remedy: 'Send a shorter path.',
  },
  unsupported_media_type: {
    status: 415,
    meaning: 'The body is not declared as JSON.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  budget_unsatisfiable: {
    status: 422,
    meaning:
      'Even the pinned messages and the latest turn alone are above the budget. `minimum_tokens` is what they need.',
    remedy: 'Read with a `budget_tokens` of at least `minimum_tokens`, raise `token_budget`, or compact.',
  },
  upgrade_required: {
    status: 426,
    meaning: 'The path is that of a stream, and the request asks for neither form of it.',
    remedy: 'Connect with a websocket, or send `Accept: text/event-stream`.',
  },
  rate_limited: {
    status: 429,
    meaning: 'The node as a whole, or this client, sends more requests a second than the limit allows.',
    remedy: 'Wait as many seconds as `Retry-After` says.',
  },
  headers_too_large: {
    status: 431,
    meaning: 'The headers of the request are larger than 16 KiB.',
    remedy: 'Send fewer or shorter headers.',
  },
  internal: {
    status: 500,
    meaning: 'A defect of the server. Its log has the details.',
    remedy: 'Report it. Retry only with an idempotency key.',
  },
  unsupported_command: {
    status: 500,
    meaning: 'The log has a command of a newer version than this node knows.',
    remedy: 'Upgrade this node.',
  },
  overloaded: {
    status: 503,
    meaning: 'The node has as much work queued as it accepts. Nothing was written.',
    remedy: 'Retry with backoff.',
  },
  archive_unavailable: {
    status: 503,
    meaning: 'The range begins with messages that are in the archive, which cannot be read now.',
    remedy: 'Retry with backoff. What is newer can be read meanwhile.',
  },
  too_many_streams: {
    status: 503,
    meaning: 'The node has as many streams as `FASTPACA_STREAM_MAX_CONNECTIONS` allows.',
    remedy: 'Connect to another node, or again after `Retry-After`.',
  },
  unavailable: {
    status: 503,
    meaning: 'The node cannot serve the call now: starting, stopping, or no quorum. Nothing was written.',
    remedy: 'Retry with backoff.',
  },
  outcome_unknown: {
    status: 504,
    meaning: 'The call timed out: it may or may not have happened.',
    remedy: 'Retry with the same `Idempotency-Key` or message id, or read the context first.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCodes;

/** The body of every answer that is not a success. */
export const errorAnswer = z
  .object({
    error: z.string().meta({ description: 'A stable code of docs/reference/errors.md.' }),
    message: z.string(),
    field: z.string().optional().meta({ description: 'With 400: the offending field.' }),
    current_version: z.int().optional().meta({ description: 'With conflict.' }),
    minimum_tokens: z.int().optional().meta({ description: 'With budget_unsatisfiable.' }),
  })
  .meta({ id: 'Error' });
export type ErrorAnswer = Omit<z.output<typeof errorAnswer>, 'error'> & { readonly error: ErrorCode };
