import type { AppendedMessage, StoreObserver } from '@fastpaca/context-store';
import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const roles = new Set(['user', 'assistant', 'system', 'tool']);

/**
 * The series of one application. They live in a registry of their own, not in prom-client's global
 * one, so that two applications in one process do not add into each other's numbers.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  private readonly appended = new Counter({
    name: 'fastpaca_messages_append_total',
    help: 'Messages appended, by role and by who counted the tokens (client or server)',
    labelNames: ['role', 'source'],
    registers: [this.registry],
  });

  private readonly tokens = new Histogram({
    name: 'fastpaca_messages_token_count',
    help: 'Tokens of an appended message',
    buckets: [4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144],
    registers: [this.registry],
  });

  private readonly requests = new Histogram({
    name: 'fastpaca_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  /** One counter per pair of labels: looking it up costs less than naming the labels again. */
  private readonly appendedBy = new Map<string, Counter.Internal>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** What the store calls: give it to the store that these metrics are of. */
  observer(): StoreObserver {
    return { onAppended: (message) => this.messageAppended(message) };
  }

  private messageAppended(message: AppendedMessage): void {
    this.appendedCounter(message.role, message.source).inc();
    this.tokens.observe(message.tokens);
  }

  requestAnswered(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status }, seconds);
  }

  private appendedCounter(role: string, source: AppendedMessage['source']): Counter.Internal {
    const label = roles.has(role) ? role : 'other';
    const key = `${label} ${source}`;
    const known = this.appendedBy.get(key);
    if (known !== undefined) return known;
    const counter = this.appended.labels({ role: label, source });
    this.appendedBy.set(key, counter);
    return counter;
  }
}
