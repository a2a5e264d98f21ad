import type { HealthAnswer, StartingAnswer } from '@fastpaca/protocol';
import { Controller, Get, Res, ServiceUnavailableException, UseFilters } from '@nestjs/common';
import { type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { ErrorFilter } from '../errors/error-filter.js';
import type { HttpReply } from '../http/exchange.js';
import { Described } from '../openapi/described.js';
import { StoreHealth } from './store-health.js';

/** Open to everyone, API keys or not. Terminus does the checks; the answers are those of the contract. */
@Controller('health')
@UseFilters(ErrorFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly store: StoreHealth,
  ) {}

  @Get('live')
  @Described('live')
  live(): HealthAnswer {
    return { status: 'ok' };
  }

  @Get('ready')
  @Described('ready')
  async ready(@Res({ passthrough: true }) reply: HttpReply): Promise<HealthAnswer | StartingAnswer> {
    try {
      await this.health.check([() => this.store.check()]);
      return { status: 'ok' };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      reply.status(503);
      return { status: 'starting', reason: reasonOf(error.getResponse() as HealthCheckResult) };
    }
  }
}

function reasonOf({ status, details }: HealthCheckResult): string {
  if (status === 'shutting_down') return 'The node is stopping.';
  const reason: unknown = details['context_store']?.['message'];
  return typeof reason === 'string' ? reason : 'The store is not ready.';
}
