import { z } from 'zod';
import { clusterAnswer } from './cluster.js';
import { backupQuery, importAnswer, importQuery } from './backup/admin.js';
import { backupContentType } from './backup/backup-lines.js';
import {
  contextAnswer,
  deleteContextQuery,
  listContextsAnswer,
  listContextsQuery,
  patchMetadataBody,
  putContextBody,
} from './context.js';
import type { ErrorCode } from './error-codes.js';
import { healthAnswer, startingAnswer } from './health.js';
import {
  appendAnswer,
  appendBody,
  compactAnswer,
  compactBody,
  messagesAnswer,
  messagesQuery,
  tailAnswer,
  tailQuery,
} from './message.js';
import { streamFrame } from './stream/frames.js';
import { streamQuery } from './stream/stream-query.js';
import { windowAnswer, windowQuery } from './window.js';

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** A content type other than `application/json`, beside it. */
  readonly also?: string;
  /** The content type, where it is not `application/json`. */
  readonly as?: string;
}

/** One REST call: what the server, the OpenAPI document and docs/reference/rest.md are made from. */
export interface Operation {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD';
  /** OpenAPI path: `{id}` is a context id, `{name}` that of a node. */
  readonly path: string;
  readonly summary: string;
  readonly details?: string;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** The content type of the body, where it is not `application/json`. */
  readonly bodyAs?: string;
  readonly answers: Readonly<Record<number, Answer>>;
  /** What can go wrong beside the common errors. */
  readonly errors: readonly ErrorCode[];
}

/** Errors that any operation on a context can answer. */
export const commonErrors = [
  'invalid_context_id',
  'invalid_request',
  'unauthorized',
  'rate_limited',
  'internal',
  'unavailable',
  'overloaded',
] as const satisfies readonly ErrorCode[];

/** Errors that any operation on the cluster can answer. */
export const clusterErrors = [
  'unauthorized',
  'rate_limited',
  'internal',
] as const satisfies readonly ErrorCode[];

const written = [
  'context_tombstoned',
  'body_too_large',
  'unsupported_media_type',
  'outcome_unknown',
] as const;

/** Of reads that go back behind what is local. */
const archived = ['archive_incomplete', 'archive_unavailable'] as const;

export const operations = {
  putContext: {
    method: 'PUT',
    path: '/v1/contexts/{id}',
    summary: 'Create or update a context',
    details:
      'Idempotent. On update an omitted member keeps its value. A new policy takes effect at the next compaction.',
    body: putContextBody,
    answers: {
      200: { description: 'Updated', schema: contextAnswer },
      201: { description: 'Created', schema: contextAnswer },
    },
    errors: [...written, 'invalid_settings', 'invalid_metadata'],
  },
  getContext: {
    method: 'GET',
    path: '/v1/contexts/{id}',
    summary: 'Read a context',
    details: 'HEAD answers the same without a body.',
    answers: { 200: { description: 'The context', schema: contextAnswer } },
    errors: ['context_not_found'],
  },
  deleteContext: {
    method: 'DELETE',
    path: '/v1/contexts/{id}',
    summary: 'Tombstone or erase a context',
    details:
      'A tombstoned context can be read, not written. `mode=erase` removes it for good; the id can be created afresh.',
    query: deleteContextQuery,
    answers: { 204: { description: 'Done, also when it was done before' } },
    errors: ['context_not_found', 'outcome_unknown'],
  },
  patchMetadata: {
    method: 'PATCH',
    path: '/v1/contexts/{id}/metadata',
    summary: 'Merge into the metadata',
    details: 'JSON merge patch: null removes a key. The version does not move.',
    body: patchMetadataBody,
    answers: { 200: { description: 'The context', schema: contextAnswer } },
    errors: [...written, 'context_not_found', 'invalid_metadata'],
  },
  listContexts: {
    method: 'GET',
    path: '/v1/contexts',
    summary: 'List contexts by id',
    details:
      'Up to 16 `metadata.KEY=VALUE` parameters narrow the list to contexts whose metadata has them: a string as it is, anything else as JSON (`metadata.paid=true`).',
    query: listContextsQuery,
    answers: { 200: { description: 'One page', schema: listContextsAnswer } },
    errors: ['invalid_cursor', 'invalid_range'],
  },
  appendMessages: {
    method: 'POST',
    path: '/v1/contexts/{id}/messages',
    summary: 'Append one message, or a batch',
    details:
      'A batch is atomic and moves the version once. Answered after the messages are durable. Parts and metadata are stored byte for byte as sent, without the white space outside of strings.',
    headers: {
      'idempotency-key':
        'Makes the call safe to retry: the same key with the same content returns the first answer. 1 to 256 characters.',
    },
    body: appendBody,
    answers: { 201: { description: 'Appended', schema: appendAnswer } },
    errors: [
      ...written,
      'context_not_found',
      'conflict',
      'idempotency_conflict',
      'invalid_message',
      'invalid_idempotency_key',
      'message_too_large',
    ],
  },
  tailMessages: {
    method: 'GET',
    path: '/v1/contexts/{id}/tail',
    summary: 'Read the newest messages',
    details: 'Chronological inside the page. Empty only past the beginning of history.',
    query: tailQuery,
    answers: { 200: { description: 'One page', schema: tailAnswer } },
    errors: ['context_not_found', 'invalid_range', 'page_too_large', ...archived],
  },
  listMessages: {
    method: 'GET',
    path: '/v1/contexts/{id}/messages',
    summary: 'Read the message log forward',
    details:
      '`Accept: application/x-ndjson` streams the whole range instead, one message a line, in constant memory.',
    query: messagesQuery,
    headers: { accept: '`application/x-ndjson` streams.' },
    answers: { 200: { description: 'One page', schema: messagesAnswer, also: 'application/x-ndjson' } },
    errors: ['context_not_found', 'invalid_range', 'invalid_cursor', 'page_too_large', ...archived],
  },
  streamContext: {
    method: 'GET',
    path: '/v1/contexts/{id}/stream',
    summary: 'Follow a context',
    details:
      'A websocket, or Server-Sent Events with `Accept: text/event-stream`: replay from a cursor, then what happens, one JSON frame each. See docs/streaming.md.',
    query: streamQuery,
    headers: {
      accept: '`text/event-stream`, without an upgrade to a websocket.',
      'last-event-id': 'With events: the id of the last one that was processed. Stands before `cursor`.',
    },
    answers: {
      200: { description: 'One frame an event', schema: streamFrame, as: 'text/event-stream' },
    },
    errors: ['context_not_found', 'upgrade_required', 'too_many_streams'],
  },
  readWindow: {
    method: 'GET',
    path: '/v1/contexts/{id}/context',
    summary: 'Read the LLM context',
    details:
      'The messages to send to the model: within the budget, and accepted by model providers as they are.',
    query: windowQuery,
    headers: { 'if-none-match': 'The `ETag` of an earlier answer: 304 where the window is the same.' },
    answers: {
      200: { description: 'The window', schema: windowAnswer },
      304: { description: 'The window is the one that `If-None-Match` names' },
    },
    errors: ['context_not_found', 'conflict', 'budget_unsatisfiable', 'invalid_budget'],
  },
  compactContext: {
    method: 'POST',
    path: '/v1/contexts/{id}/compact',
    summary: 'Replace the LLM context',
    details: 'The message log is untouched. With `up_to_seq`, later messages stay live.',
    body: compactBody,
    answers: { 200: { description: 'Replaced', schema: compactAnswer } },
    errors: [
      ...written,
      'context_not_found',
      'conflict',
      'invalid_window',
      'invalid_message',
      'invalid_up_to_seq',
      'message_too_large',
    ],
  },
  readCluster: {
    method: 'GET',
    path: '/v1/cluster',
    summary: 'Read how the cluster is',
    details:
      'Nodes, groups, leaders and lag as the answering node sees them, and why nodes could not join. A node that does not answer within a second is shown without its numbers.',
    answers: { 200: { description: 'The cluster', schema: clusterAnswer } },
    errors: [],
  },
  drainNode: {
    method: 'POST',
    path: '/v1/cluster/nodes/{name}/drain',
    summary: 'Drain a node',
    details:
      'It gives its replicas to other nodes, as far as there are any that can take them, and serves meanwhile. Follow it with `GET /v1/cluster`. Again: nothing happens.',
    answers: { 202: { description: 'It drains', schema: clusterAnswer } },
    errors: ['node_not_found', 'unavailable', 'outcome_unknown'],
  },
  undrainNode: {
    method: 'DELETE',
    path: '/v1/cluster/nodes/{name}/drain',
    summary: 'Take a drain back',
    details: 'The node takes replicas again.',
    answers: { 202: { description: 'It takes replicas', schema: clusterAnswer } },
    errors: ['node_not_found', 'unavailable', 'outcome_unknown'],
  },
  removeNode: {
    method: 'DELETE',
    path: '/v1/cluster/nodes/{name}',
    summary: 'Remove a node',
    details:
      'One that is dead, or drained. Its name is free afterwards; its data directory is not taken back: empty it first.',
    answers: { 204: { description: 'Removed' } },
    errors: ['node_not_found', 'node_not_drained', 'quorum_would_be_lost', 'unavailable', 'outcome_unknown'],
  },
  backup: {
    method: 'GET',
    path: '/v1/admin/backup',
    summary: 'Stream a backup',
    details:
      'A copy of all contexts, or of some, as NDJSON in constant memory, while the store goes on serving: each context as it was at one moment. Whole only with its last line: see docs/operations/backup.md. Not served with `FASTPACA_ADMIN_ENABLED=false`.',
    query: backupQuery,
    answers: { 200: { description: 'The backup', schema: z.string(), as: backupContentType } },
    errors: ['context_not_found', 'not_found'],
  },
  import: {
    method: 'POST',
    path: '/v1/admin/import',
    summary: 'Import a backup',
    details:
      'Takes what a backup wrote, as a stream of any size, and answers at its end. Each context becomes visible as a whole. Importing the same file again changes nothing. Not served with `FASTPACA_ADMIN_ENABLED=false`.',
    query: importQuery,
    body: z.string(),
    bodyAs: backupContentType,
    answers: { 200: { description: 'What became of the contexts', schema: importAnswer } },
    errors: ['invalid_backup', 'unsupported_media_type', 'request_timeout', 'not_found', 'outcome_unknown'],
  },
  live: {
    method: 'GET',
    path: '/health/live',
    summary: 'Whether the process answers',
    answers: { 200: { description: 'It does', schema: healthAnswer } },
    errors: [],
  },
  ready: {
    method: 'GET',
    path: '/health/ready',
    summary: 'Whether the node can serve requests',
    answers: {
      200: { description: 'It can', schema: healthAnswer },
      503: { description: 'Not yet', schema: startingAnswer },
    },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
