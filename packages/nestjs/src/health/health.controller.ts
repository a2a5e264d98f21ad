import { Controller, Get, Inject, Res, UseFilters } from '@nestjs/common';
import type { ContextStore } from '@fastpaca/context-store';
import type { HealthAnswer, StartingAnswer } from '@fastpaca/protocol';
import type { FastifyReply } from 'fastify';
import { ErrorFilter } from '../errors/error-filter.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';

/** Open to everyone, API keys or not. */
@Controller('health')
@UseFilters(ErrorFilter)
export class HealthController {
  constructor(@Inject(CONTEXT_STORE) private readonly store: ContextStore) {}

  @Get('live')
  @Described('live')
  live(): HealthAnswer {
    return { status: 'ok' };
  }

  @Get('ready')
  @Described('ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply): HealthAnswer | StartingAnswer {
    const readiness = this.store.ready();
    if (readiness.ready) return { status: 'ok' };
    void reply.code(503);
    return { status: 'starting', reason: readiness.reason };
  }
}
