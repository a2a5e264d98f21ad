import type { IncomingHttpHeaders } from 'node:http';

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

/** Sends stored bytes as they are: Nest's own way would print a `Buffer` as JSON on Express. */
export function sendJson(reply: HttpReply, bytes: Uint8Array): void {
  reply.header('content-type', 'application/json; charset=utf-8');
  reply.send(bytes);
}

/**
 * The bytes of a body. Parsed ones will not do: what is stored is the text that the client sent.
 * @throws Error where the application keeps neither the bytes nor `rawBody`
 */
export function bodyBytes({ rawBody, body }: HttpRequest): Buffer {
  if (rawBody !== undefined) return rawBody;
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined || body === null) return Buffer.alloc(0);
  throw new Error(
    'The body was parsed and its bytes are gone: create the application with `rawBody: true`, or on a ContextStoreAdapter.',
  );
}
