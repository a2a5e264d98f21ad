import type { ContextStore, StoreObserver } from '@fastpaca/context-store';
import { Injectable } from '@nestjs/common';
import { Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { AppendMetrics } from './append-metrics.js';
import { ReplicaMetrics } from './replica-metrics.js';

/**
 * The series of one application. They live in a registry of their own, not in prom-client's global
 * one, so that two applications in one process do not add into each other's numbers.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly appends = new AppendMetrics(this.registry);
  private readonly replica = new ReplicaMetrics(this.registry);
  private readonly requests = new Histogram({
    name: 'fastpaca_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** What the store calls: give it to the store that these metrics are of. */
  observer(): StoreObserver {
    return {
      ...this.replica.observer(),
      onAppended: (message) => this.appends.messageAppended(message),
    };
  }

  /** Reads the store's status at every scrape. */
  watch(store: Pick<ContextStore, 'status'>): void {
    this.replica.watch(() => store.status());
  }

  requestAnswered(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status }, seconds);
  }
}
