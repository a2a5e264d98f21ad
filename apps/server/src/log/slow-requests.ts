import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** Answers that last as long as their reader likes. */
const openEnded = /^(text\/event-stream|application\/x-ndjson)/;

/** A line for each request that took longer than `thresholdMs` from its first byte to its answer's last. 0: none. */
export function logSlowRequests(fastify: FastifyInstance, log: Logger, thresholdMs: number): void {
  if (thresholdMs === 0) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    const { elapsedTime, statusCode: status } = reply;
    if (elapsedTime >= thresholdMs && !openEnded.test(String(reply.getHeader('content-type') ?? ''))) {
      const { method, params } = request;
      const route = request.routeOptions.url ?? 'unknown';
      const { id } = params as { readonly id?: string };
      const line = { type: 'slow_request', method, route, status, duration_ms: Math.round(elapsedTime) };
      log.warn({ ...line, ...(id !== undefined && { context_id: id }) }, 'slow request');
    }
    done();
  });
}
