import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKeys } from '../auth/api-keys.js';
import { credentialsOf } from '../auth/credentials.js';
import { ApiError } from '../errors/api-error.js';
import { sendError } from '../errors/error-filter.js';
import type { Metrics } from '../metrics/metrics.js';

/** Paths that need no API key: probes, and the description of the API. */
const open = /^\/(health|docs|openapi\.json)(\/|\?|$)/;

/**
 * Adds what happens around every request. Hooks, not Nest guards and interceptors: a guard runs after
 * the body was read, so anyone could make the server read 8 MiB without a key; and unknown paths have
 * no guards at all.
 */
export function addRequestHooks(fastify: FastifyInstance, keys: ApiKeys, metrics: Metrics): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const refusal = unreadable(request);
    if (refusal === undefined) done();
    else sendError(reply, refusal);
  });
  if (keys.required) {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (open.test(request.url) || keys.accepts(credentialsOf(request))) {
        done();
        return;
      }
      sendError(reply, new ApiError('unauthorized', 'Send a valid API key: Authorization: Bearer KEY'));
    });
  }
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (reply.statusCode !== 200 || !isOpenEnded(route))
      metrics.requestAnswered(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

/** A stream or a backup lasts as long as its client likes: that is no duration of a request. */
export const isOpenEnded = (route: string): boolean => /\/(stream|admin\/backup|admin\/import)$/.test(route);

/** What HTTP allows and this API does not read. */
function unreadable({ headers }: FastifyRequest): ApiError | undefined {
  if (headers.host === undefined) return new ApiError('invalid_request', 'The Host header is missing');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new ApiError('unsupported_media_type', 'Send the body without Content-Encoding');
  }
  const charset = /;\s*charset="?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return new ApiError('unsupported_media_type', 'Send the body as UTF-8');
  }
  return undefined;
}
