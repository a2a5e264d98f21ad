import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ApiError } from '../errors/api-error.js';

/** What Fastify's and Express's requests have in common, as far as this API reads them. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: unknown;
  /** Bytes with `ContextStoreAdapter`; what the application's parser made of them elsewhere. */
  readonly body?: unknown;
  /** The bytes, where the application was created with `rawBody: true`. */
  readonly rawBody?: Buffer;
  /** Node's request: Fastify has it, Express is one. */
  readonly raw?: IncomingMessage;
}

/** The same of their replies. */
export interface HttpReply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(body: string | Uint8Array | undefined): unknown;
  /** Fastify's word for it, and Express's. */
  readonly sent?: boolean;
  readonly headersSent?: boolean;
}

export function isAnswered(reply: HttpReply): boolean {
  return reply.sent ?? reply.headersSent ?? false;
}

/** Sends JSON as it is, text or stored bytes: Nest's own way would print a `Buffer` as JSON on Express. */
export function sendJson(reply: HttpReply, json: string | Uint8Array): void {
  reply.header('content-type', 'application/json; charset=utf-8');
  reply.send(json);
}

/**
 * The bytes of a body. Parsed ones will not do: what is stored is the text that the client sent.
 * @throws ApiError `unsupported_media_type` where the body is not declared as JSON: another adapter gives a text as a
 *   string, reads a form, and leaves out what it has no parser for, as if nothing had been sent
 * @throws Error where the application keeps neither the bytes nor `rawBody`
 */
export function bodyBytes({ rawBody, body, headers }: HttpRequest): Buffer {
  // `ContextStoreAdapter` reads JSON alone.
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof Readable || (hasBody(headers) && !isJson(headers))) {
    throw new ApiError('unsupported_media_type', 'Send the body with Content-Type: application/json');
  }
  if (rawBody !== undefined) return rawBody;
  if (body === undefined || body === null) return Buffer.alloc(0);
  throw new Error(
    'The body was parsed and its bytes are gone: create the application with `rawBody: true`, or on a ContextStoreAdapter.',
  );
}

/** Whether a body comes with the headers. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/json *(;|$)/i.test(headers['content-type'] ?? '');
}

/**
 * The body as it arrives, for routes that take one of any size.
 * @param type the content type that it must have
 * @throws ApiError `unsupported_media_type`
 */
export function bodyStream(request: HttpRequest, type: string): Readable {
  if (request.headers['content-type']?.startsWith(type) !== true) {
    throw new ApiError('unsupported_media_type', `Send the body with Content-Type: ${type}`);
  }
  const { body, raw } = request;
  if (body instanceof Readable) return body;
  if (raw !== undefined) return raw;
  if (request instanceof Readable) return request;
  throw new Error('The body was read before its route: register no parser for its content type.');
}
