import type { ContextStore } from '@fastpaca/context-store';
import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { CONTEXT_STORE } from '../tokens.js';

/** Terminus indicator: up once every local group has a known leader. */
@Injectable()
export class StoreHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(CONTEXT_STORE) private readonly store: ContextStore,
  ) {}

  check(): HealthIndicatorResult {
    const session = this.indicators.check('context_store');
    const readiness = this.store.ready();
    return readiness.ready ? session.up() : session.down(readiness.reason);
  }
}
