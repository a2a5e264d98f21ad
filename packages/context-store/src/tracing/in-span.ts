import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
} from '@opentelemetry/api';

const tracer = trace.getTracer('@fastpaca/context-store');

export interface Hop {
  readonly name: string;
  /** Default: within this process. */
  readonly kind?: 'client' | 'server';
  readonly attributes?: Attributes;
}

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/**
 * Runs one hop of a call in a span of its own, where the call is traced: within a span that somebody has
 * begun. Elsewhere it costs one look.
 */
export function inSpan<T>(hop: Hop, run: () => T | Promise<T>): T | Promise<T> {
  return trace.getActiveSpan() === undefined ? run() : runInSpan(hop, run);
}

function runInSpan<T>({ name, kind, attributes = {} }: Hop, run: () => T | Promise<T>): Promise<T> {
  const options = { attributes, kind: kind === undefined ? SpanKind.INTERNAL : kinds[kind] };
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The span that the caller is in, as a W3C `traceparent`; empty where there is none. */
export function currentTrace(): string {
  if (trace.getActiveSpan() === undefined) return '';
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? '';
}

/** Runs within the trace that another node's request names, if it names one. */
export function continueTrace<T>(traceparent: string, run: () => Promise<T>): Promise<T> {
  if (traceparent === '') return run();
  const remote: Context = propagation.extract(context.active(), { traceparent });
  return context.with(remote, run);
}
