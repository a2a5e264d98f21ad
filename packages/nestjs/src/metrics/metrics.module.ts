import { type DynamicModule, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

/**
 * `GET /metrics` by nestjs-prometheus, with a controller that serves the application's own registry.
 * The hot path calls prom-client's objects directly.
 */
const prometheus: DynamicModule = PrometheusModule.register({
  controller: MetricsController,
  path: '/metrics',
  defaultMetrics: { enabled: false },
});

@Module({
  imports: [
    {
      ...prometheus,
      providers: [...(prometheus.providers ?? []), Metrics],
      exports: [...(prometheus.exports ?? []), Metrics],
    },
  ],
  exports: [PrometheusModule],
})
export class MetricsModule {}
