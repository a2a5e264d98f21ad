import { Controller, Delete, Get, HttpCode, Inject, Logger, Param, Post, UseFilters } from '@nestjs/common';
import type { ContextStore } from '@fastpaca/context-store';
import type { ClusterAnswer } from '@fastpaca/protocol';
import { ErrorFilter } from '../errors/error-filter.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';
import { clusterAnswerOf } from './cluster-answer.js';

/** The cluster, for those who run it. Any node answers. */
@Controller('v1/cluster')
@UseFilters(ErrorFilter)
export class ClusterController {
  private readonly logger = new Logger('Cluster');

  constructor(@Inject(CONTEXT_STORE) private readonly store: ContextStore) {}

  @Get()
  @Described('readCluster')
  async read(): Promise<ClusterAnswer> {
    return clusterAnswerOf(await this.store.cluster.overview());
  }

  @Post('nodes/:name/drain')
  @HttpCode(202)
  @Described('drainNode')
  async drain(@Param('name') name: string): Promise<ClusterAnswer> {
    await this.store.cluster.drain(name);
    this.logger.log({ type: 'node_draining', name }, 'node draining');
    return this.read();
  }

  @Delete('nodes/:name/drain')
  @HttpCode(202)
  @Described('undrainNode')
  async undrain(@Param('name') name: string): Promise<ClusterAnswer> {
    await this.store.cluster.undrain(name);
    this.logger.log({ type: 'node_undrained', name }, 'node takes replicas again');
    return this.read();
  }

  @Delete('nodes/:name')
  @HttpCode(204)
  @Described('removeNode')
  async remove(@Param('name') name: string): Promise<void> {
    await this.store.cluster.remove(name);
    this.logger.log({ type: 'node_removed', name }, 'node removed');
  }
}
