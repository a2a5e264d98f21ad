import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyReply } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { errorReply } from '../errors/error-answer.js';
import { sendError } from '../errors/error-filter.js';
import { limitBodyTime } from './body-time.js';
import { passOnNdjson } from './ndjson-body.js';
import { wantsWebSocket } from '../upgrade/upgrade-router.js';

export interface AdapterOptions {
  /** Largest body in bytes; more is answered with 413. Default 8 MiB. */
  readonly maxBodyBytes?: number;
  /** Time for a request to arrive in full, in milliseconds. Default 60,000. An import may take longer. */
  readonly requestTimeoutMs?: number;
  /** Connections at one time; more are closed at once. Default 10,000. */
  readonly maxConnections?: number;
  /**
   * Whether the address of a client is the one that a proxy names in `X-Forwarded-For`. Default false:
   * without a proxy anyone could name any address.
   */
  readonly trustProxy?: boolean;
  /** Serves HTTPS: the certificate chain and its private key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /**
   * Whether routes of your own may have schemas for Fastify to check and print by. Default true. Without them its compilers
   * are not loaded, which are a tenth of a start.
   */
  readonly routeSchemas?: boolean;
}

const headerLimitBytes = 16 * 1024;
const defaultRequestTimeoutMs = 60_000;

/**
 * Nest's Fastify adapter, set up for this API: JSON bodies stay bytes (their text is stored as sent, so
 * nothing may parse and print them on the way), ids of any length reach their check, and failures of
 * the HTTP stack itself have the shape of all others.
 *
 * Bodies of your own controllers are `Buffer`s here; read them with `JsonBody.read`.
 */
export class ContextStoreAdapter extends FastifyAdapter {
  constructor(options: AdapterOptions = {}) {
    // Without middie, the middleware engine that nothing here uses.
    super({ ...serverOptions(options), skipMiddie: true });
    const fastify = this.getInstance();
    fastify.server.maxConnections = options.maxConnections ?? 10_000;
    fastify.server.on('checkExpectation', refuseExpectation);
    limitBodyTime(fastify, options.requestTimeoutMs ?? defaultRequestTimeoutMs);
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
    passOnNdjson(fastify);
  }

  /** Nest would add parsers that make objects of bodies. */
  override registerParserMiddleware(): void {
    // The one parser is in place.
  }
}

function serverOptions(options: AdapterOptions): FastifyHttpOptions<Server> {
  const headersTimeout = Math.min(options.requestTimeoutMs ?? defaultRequestTimeoutMs, 30_000);
  // A missing Host is refused by a hook: Node's own refusal has no body.
  const http = {
    maxHeaderSize: headerLimitBytes,
    headersTimeout,
    requireHostHeader: false,
    shouldUpgradeCallback: wantsWebSocket,
  };
  return {
    bodyLimit: options.maxBodyBytes ?? 8 * 1024 * 1024,
    // Not Node's own, which is the same for all requests: a backup of an hour may be imported.
    requestTimeout: 0,
    keepAliveTimeout: 72_000,
    // A request on a connection that was open when the server began to close is still served, and told
    // to close the connection: a rolling restart refuses nobody.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    trustProxy: options.trustProxy ?? false,
    // Fastify makes an HTTPS server of the same options; only its types tell the two apart.
    ...(options.tls === undefined ? { http } : { https: { ...http, ...options.tls } }),
    ...(options.routeSchemas === false && { schemaController: { compilersFactory: noSchemas } }),
    routerOptions: { maxParamLength: headerLimitBytes },
    frameworkErrors: (error, request, reply) => {
      sendError(reply as FastifyReply, error.code === 'FST_ERR_BAD_URL' ? badUrl(request.url) : error);
    },
    clientErrorHandler,
  };
}

function badUrl(url: string): ApiError {
  return url.startsWith('/v1/contexts/')
    ? new ApiError('invalid_context_id', 'The path is not valid percent-encoding')
    : new ApiError('invalid_request', 'The path is not valid percent-encoding');
}

function refuseSchema(): never {
  throw new Error('A route has a schema, but the adapter was made with routeSchemas: false');
}

const noSchemas = { buildValidator: refuseSchema, buildSerializer: refuseSchema };

/** An `Expect` that is not `100-continue`. Node's own refusal has no body. */
function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, body } = errorReply(
    new ApiError('invalid_request', 'Expect can only be 100-continue', { field: 'Expect' }),
  );
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

/** What Node refuses before there is a request: malformed HTTP, oversized headers, a slow sender. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const { status, body } = errorReply(parserFailure(error.code));
  const text = JSON.stringify(body);
  const response = pendingResponse(socket);
  if (response?.headersSent === true) {
    socket.destroy(error);
    return;
  }
  socket.end(
    `HTTP/1.1 ${status} \r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function parserFailure(code: string | undefined): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers_too_large', `The headers are larger than ${headerLimitBytes} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('request_timeout', 'The request did not arrive in full in time');
    default:
      return new ApiError('invalid_request', 'The request is not valid HTTP');
  }
}

/** The response that is being written on the socket, if any: text in the middle of it would corrupt it. */
function pendingResponse(socket: Socket & { _httpMessage?: { headersSent: boolean } | null }) {
  return socket._httpMessage ?? undefined;
}
