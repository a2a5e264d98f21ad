import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isStreamedBody } from './ndjson-body.js';

/**
 * Ends requests whose body does not arrive in full in time, as Node's `requestTimeout` would: the answer
 * is that of the adapter's `clientErrorHandler`. A body that its route reads as a stream is left to it.
 */
export function limitBodyTime(fastify: FastifyInstance, milliseconds: number): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (hasBody(request) && !isStreamedBody(request.headers['content-type']))
      watch(fastify, request, milliseconds);
    done();
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function watch(fastify: FastifyInstance, { raw }: FastifyRequest, milliseconds: number): void {
  const timer = setTimeout(() => {
    const error = Object.assign(new Error('The body did not arrive in time'), {
      code: 'ERR_HTTP_REQUEST_TIMEOUT',
    });
    fastify.server.emit('clientError', error, raw.socket);
  }, milliseconds);
  // Closed once it was read, or the connection is gone.
  raw.once('close', () => {
    clearTimeout(timer);
  });
}
