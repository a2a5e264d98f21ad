import type { StoreObserver } from '@fastpaca/context-store';
import { Counter, type Registry } from 'prom-client';
import { PlainHistogram } from './plain-histogram.js';

/** What calls cost that another node has to serve. */
export class RoutingMetrics {
  private readonly hops: PlainHistogram<'kind' | 'outcome'>;
  private readonly retries: Counter<'kind' | 'reason'>;
  private readonly faults: Counter;

  constructor(registry: Registry) {
    this.hops = new PlainHistogram({
      name: 'fastpaca_hop_duration_seconds',
      help: 'Time of one request to another node on behalf of a call, by what it asks for and how it ended',
      labelNames: ['kind', 'outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 25],
      registers: [registry],
    });
    this.retries = new Counter({
      name: 'fastpaca_routing_retries_total',
      help: 'Calls that went on after a try that led nowhere, by why it did',
      labelNames: ['kind', 'reason'],
      registers: [registry],
    });
    this.faults = new Counter({
      name: 'fastpaca_routing_faults_total',
      help: 'Defects that were met as nodes served each other; each is in a log',
      registers: [registry],
    });
  }

  observer(): Pick<StoreObserver, 'onHop' | 'onRetry' | 'onFault'> {
    return {
      onHop: ({ kind, outcome, latencyMs }) => this.hops.note(latencyMs / 1000, { kind, outcome }),
      onRetry: ({ kind, reason }) => this.retries.inc({ kind, reason }),
      onFault: () => this.faults.inc(),
    };
  }
}
