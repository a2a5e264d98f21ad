import { Controller, Get, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ErrorFilter } from '../errors/error-filter.js';
import { Metrics } from './metrics.js';

@ApiExcludeController()
@Controller('metrics')
@UseFilters(ErrorFilter)
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
