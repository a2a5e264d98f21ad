import type { ContextStore, StoreObserver } from '@fastpaca/context-store';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { AppendMetrics } from './append-metrics.js';
import { ArchiveMetrics } from './archive-metrics.js';
import { watchLinks } from './link-metrics.js';
import { PlainHistogram } from './plain-histogram.js';
import { ReplicaMetrics } from './replica-metrics.js';
import { RoutingMetrics } from './routing-metrics.js';

/**
 * Between two samples of the event loop's lag, in milliseconds. Each wakes the process: at the 10 ms that are usual, they were
 * a third of what an idle node costs.
 */
const loopSampleMs = 100;

/**
 * The series of one application. By default they live in a registry of their own, not in prom-client's
 * global one, so that two applications in one process do not add into each other's numbers.
 */
export class Metrics {
  readonly registry: Registry;
  private readonly appends: AppendMetrics;
  private readonly archive: ArchiveMetrics;
  private readonly replica: ReplicaMetrics;
  private readonly routing: RoutingMetrics;
  private readonly requests: PlainHistogram<'method' | 'route' | 'status'>;

  /** @param shared The application's registry. Without one the series and those of the process get their own. */
  constructor(shared?: Registry) {
    this.registry = shared ?? new Registry();
    if (shared === undefined) {
      collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: loopSampleMs });
    }
    this.appends = new AppendMetrics(this.registry);
    this.archive = new ArchiveMetrics(this.registry);
    this.replica = new ReplicaMetrics(this.registry);
    this.routing = new RoutingMetrics(this.registry);
    this.requests = new PlainHistogram({
      name: 'fastpaca_http_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [this.registry],
    });
  }

  /** What the store calls: give it to the store that these metrics are of. */
  observer(): StoreObserver {
    return {
      ...this.replica.observer(),
      ...this.routing.observer(),
      onAppended: (message) => this.appends.messageAppended(message),
      archive: this.archive.observer(),
    };
  }

  /** Reads the status of the store, of its archive and of its links to other nodes at every scrape. */
  watch(store: Pick<ContextStore, 'status' | 'archive' | 'network'>): void {
    this.replica.watch(() => store.status());
    if (store.archive !== null) this.archive.watch(store.archive);
    if (store.network !== null) watchLinks(this.registry, store.network);
  }

  requestAnswered(method: string, route: string, status: number, seconds: number): void {
    this.requests.note(seconds, { method, route, status });
  }
}
