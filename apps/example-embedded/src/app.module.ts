import { ContextStore } from '@fastpaca/context-store';
import { ContextStoreModule } from '@fastpaca/nestjs';
import { createEstimator } from '@fastpaca/token-budget';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Registry } from 'prom-client';
import { MetricsController } from './metrics/metrics.controller.js';
import { REGISTRY } from './metrics/registry.js';
import { OrdersController } from './orders/orders.controller.js';
import { TeamGuard } from './team/team.guard.js';

/**
 * A shop that had orders, a guard and metrics before conversations came to it. The context store's
 * routes lie under the shop's prefix, behind its guard, and its series are in its registry.
 */
@Module({})
export class AppModule {
  static of(directory: string, registry: Registry): DynamicModule {
    const estimator = createEstimator('tiktoken:gpt-4o');
    return {
      module: AppModule,
      imports: [
        ContextStoreModule.forRootAsync({
          registry,
          healthEndpoints: false,
          useFactory: () => ({
            open: (observer) =>
              ContextStore.open({
                directory,
                nodeName: 'shop-1',
                estimator,
                observer,
                onFatal: (error) => {
                  throw error;
                },
              }),
            release: () => estimator.close(),
          }),
        }),
      ],
      controllers: [OrdersController, MetricsController],
      providers: [
        { provide: APP_GUARD, useClass: TeamGuard },
        { provide: REGISTRY, useValue: registry },
      ],
    };
  }
}
