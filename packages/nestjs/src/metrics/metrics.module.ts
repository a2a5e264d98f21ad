import { type DynamicModule, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import type { Registry } from 'prom-client';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

/** Holds the series. The hot path calls prom-client's objects directly. */
@Module({})
export class MetricsModule {}

/**
 * With the application's own registry: the series go there, and serving them is the application's.
 * Without: `GET /metrics` by nestjs-prometheus, with a controller that serves the module's registry.
 */
export function metricsModule(shared?: Registry): DynamicModule {
  const metrics = { provide: Metrics, useFactory: () => new Metrics(shared) };
  if (shared !== undefined) return { module: MetricsModule, providers: [metrics], exports: [Metrics] };
  const prometheus = PrometheusModule.register({
    controller: MetricsController,
    path: '/metrics',
    defaultMetrics: { enabled: false },
  });
  return {
    ...prometheus,
    providers: [...(prometheus.providers ?? []), metrics],
    exports: [...(prometheus.exports ?? []), Metrics],
  };
}
