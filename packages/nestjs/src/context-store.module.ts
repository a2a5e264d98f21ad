import type { Server } from 'node:http';
import type { ContextStore } from '@fastpaca/context-store';
import {
  Inject,
  type MiddlewareConsumer,
  Module,
  type BeforeApplicationShutdown,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import { AdminController } from './admin/admin.controller.js';
import { ApiKeys } from './auth/api-keys.js';
import {
  ConfigurableModuleClass,
  type ContextStoreModuleOptions,
  MODULE_OPTIONS_TOKEN,
} from './context-store.module-definition.js';
import { ClusterLinks, clusterPath } from './cluster/cluster-links.js';
import { ClusterController } from './cluster/cluster.controller.js';
import { ContextsController } from './contexts/contexts.controller.js';
import { StoreHealth } from './health/store-health.js';
import { ContextStoreAdapter } from './http/context-store-adapter.js';
import { embeddedRequests } from './http/embedded-requests.js';
import { passOnNdjson } from './http/ndjson-body.js';
import { addRequestHooks } from './http/request-hooks.js';
import { MessagesController } from './messages/messages.controller.js';
import { Metrics } from './metrics/metrics.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamMetrics } from './stream/stream-metrics.js';
import { StreamUpgrades } from './stream/stream-upgrade.js';
import { Streams } from './stream/streams.js';
import { ADMIN_ENDPOINTS, CONTEXT_STORE } from './tokens.js';
import { UpgradeRouter } from './upgrade/upgrade-router.js';
import { WindowController } from './window/window.controller.js';

async function openStore(options: ContextStoreModuleOptions, metrics: Metrics): Promise<ContextStore> {
  const store = await options.open(metrics.observer());
  metrics.watch(store);
  return store;
}

/**
 * The REST API of a context store, on a {@link ContextStoreAdapter}.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     ContextStoreModule.forRoot({
 *       open: (observer) => ContextStore.open({ directory: './data', nodeName, estimator, observer, onFatal }),
 *     }),
 *   ],
 * })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule, new ContextStoreAdapter());
 * await app.listen(4000);
 * ```
 */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [
    ClusterController,
    ContextsController,
    MessagesController,
    WindowController,
    StreamController,
  ],
  providers: [
    StoreHealth,
    {
      provide: CONTEXT_STORE,
      useFactory: openStore,
      inject: [MODULE_OPTIONS_TOKEN, Metrics],
    },
    UpgradeRouter,
    {
      provide: Streams,
      useFactory: (store: ContextStore, metrics: Metrics, { streams }: ContextStoreModuleOptions) =>
        new Streams(store, new StreamMetrics(metrics.registry), streams),
      inject: [CONTEXT_STORE, Metrics, MODULE_OPTIONS_TOKEN],
    },
    {
      provide: StreamUpgrades,
      useFactory: (streams: Streams, keys: ApiKeys) => new StreamUpgrades(streams, keys),
      inject: [Streams, ApiKeys],
    },
    {
      provide: ApiKeys,
      useFactory: (options: ContextStoreModuleOptions) => new ApiKeys(options.apiKeys ?? []),
      inject: [MODULE_OPTIONS_TOKEN],
    },
  ],
  exports: [CONTEXT_STORE, UpgradeRouter],
})
export class ContextStoreModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly links: ClusterLinks | null;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: ContextStoreModuleOptions,
    @Inject(CONTEXT_STORE) private readonly store: ContextStore,
    private readonly keys: ApiKeys,
    private readonly metrics: Metrics,
    private readonly adapterHost: HttpAdapterHost,
    private readonly upgrades: UpgradeRouter,
    @Inject(ADMIN_ENDPOINTS) private readonly adminEndpoints: boolean,
  ) {
    super();
    this.links = store.network === null ? null : new ClusterLinks(store.network);
  }

  /** Nest calls this before it adds the routes: a Fastify hook that comes later would miss them. */
  configure(consumer: MiddlewareConsumer): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter instanceof ContextStoreAdapter) {
      addRequestHooks(httpAdapter.getInstance(), this.keys, this.metrics);
    } else {
      consumer
        .apply(embeddedRequests(this.keys, this.metrics))
        .forRoutes(
          ClusterController,
          ContextsController,
          MessagesController,
          WindowController,
          StreamController,
          ...(this.adminEndpoints ? [AdminController] : []),
        );
      if (this.adminEndpoints && httpAdapter instanceof FastifyAdapter) {
        passOnNdjson(httpAdapter.getInstance());
      }
    }
  }

  /** Nest calls this before the server listens, and after gateways have added their routes. */
  onApplicationBootstrap(): void {
    const { links } = this;
    if (links !== null) {
      this.upgrades.route(clusterPath, (request, socket, head) => {
        links.accept(request, socket, head);
      });
    }
    this.upgrades.listenOn(this.adapterHost.httpAdapter.getHttpServer() as Server);
  }

  /** Nest calls this while connections are served: what is led here goes to other nodes first. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.store.handOver();
    this.links?.closeLast(this.adapterHost.httpAdapter.getHttpServer() as Server);
  }

  /** Nest calls this when no connection is left. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
    await this.options.release?.();
  }
}
