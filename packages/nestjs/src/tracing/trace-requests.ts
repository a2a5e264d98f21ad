import { context, propagation, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const tracer = trace.getTracer('@fastpaca/nestjs');

/**
 * A span for each request, below that of the client if it sends a `traceparent`. Names and attributes
 * are those of OpenTelemetry's conventions for HTTP.
 */
export function traceRequests(fastify: FastifyInstance): void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers } = request;
    const parent = propagation.extract(context.active(), headers);
    const [path = ''] = url.split('?', 1);
    const route = request.routeOptions.url ?? 'unknown';
    const attributes = { 'http.request.method': method, 'http.route': route, 'url.path': path };
    const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    contexts.set(request, trace.setSpan(parent, span));
    done();
  });
  // Not with the first hook: what runs after the body was read runs in the context of the socket.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const active = contexts.get(request);
    if (active === undefined) done();
    else context.with(active, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const active = contexts.get(request);
    const span = active === undefined ? undefined : trace.getSpan(active);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
