import type { ContextStore, StoreObserver } from '@fastpaca/context-store';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { AdminController } from './admin/admin.controller.js';
import { HealthController } from './health/health.controller.js';
import { metricsModule } from './metrics/metrics.module.js';
import { StreamGateway } from './stream/stream.gateway.js';
import type { StreamSettings } from './stream/streams.js';
import { ADMIN_ENDPOINTS } from './tokens.js';

export interface ContextStoreModuleOptions {
  /**
   * Opens the store. The module hands over the hooks that feed its metrics and log, and closes the
   * store after the last connection is closed.
   */
  readonly open: (observer: StoreObserver) => Promise<ContextStore>;
  /** Called after the store is closed, to release what `open` needed, such as an estimator. */
  readonly release?: () => Promise<void>;
  /** Bearer tokens, any of which a request must carry. Default: none, every request passes. */
  readonly apiKeys?: readonly string[];
  readonly streams?: StreamSettings;
}

/** What must be known before anything is injected: `forRootAsync` takes it beside `useFactory`. */
export interface ContextStoreModuleExtras {
  /** Whether the module serves `/health/live` and `/health/ready`. Default true. */
  readonly healthEndpoints?: boolean;
  /**
   * Whether the module serves `/v1/admin`: backup of all contexts, and import. Default false: whoever may
   * call them reads and writes everything.
   */
  readonly adminEndpoints?: boolean;
  /**
   * Where the series go. Default: a registry of the module's own, with prom-client's default metrics
   * of the process, served at `/metrics`. With your own, both are yours to do.
   */
  readonly registry?: Registry;
  /**
   * Whether streams are served to websockets too; Server-Sent Events always are. It takes the one
   * websocket adapter that a Nest application has: call `serveStreams(app)`. Default false.
   */
  readonly websocket?: boolean;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ContextStoreModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras<ContextStoreModuleExtras>(
      {},
      (definition, { healthEndpoints = true, adminEndpoints = false, registry, websocket = false }) => ({
        ...definition,
        controllers: [
          ...(definition.controllers ?? []),
          ...(healthEndpoints ? [HealthController] : []),
          ...(adminEndpoints ? [AdminController] : []),
        ],
        providers: [
          ...(definition.providers ?? []),
          ...(websocket ? [StreamGateway] : []),
          { provide: ADMIN_ENDPOINTS, useValue: adminEndpoints },
        ],
        imports: [...(definition.imports ?? []), metricsModule(registry)],
      }),
    )
    .build();
