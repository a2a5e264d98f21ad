import { Controller, Get, HttpCode, Inject, Logger, Post, Req, Res, UseFilters } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ContextStore, ImportReport } from '@fastpaca/context-store';
import {
  type BackupQuery,
  type ImportAnswer,
  type ImportQuery,
  backupContentType,
  backupQuery,
  importQuery,
} from '@fastpaca/protocol';
import { ErrorFilter } from '../errors/error-filter.js';
import { type HttpReply, type HttpRequest, bodyStream } from '../http/exchange.js';
import { ndjsonAnswer } from '../http/ndjson-answer.js';
import { QueryOf } from '../http/parameters.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';
import { received } from './received.js';

/** Longest silence of a client that imports. */
const idleMs = 60_000;

/** What who runs the store does with all of it at once. */
@Controller('v1/admin')
@UseFilters(ErrorFilter)
export class AdminController {
  private readonly logger = new Logger('Admin');

  constructor(
    @Inject(CONTEXT_STORE) private readonly store: ContextStore,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Get('backup')
  @Described('backup')
  async backup(
    @QueryOf(backupQuery) query: BackupQuery,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const { prefix, ids } = query;
    const chunks = await this.store.backup({
      ...(prefix === undefined ? {} : { prefix }),
      ...(ids === undefined ? {} : { ids }),
    });
    this.logger.log({ type: 'backup_started' }, 'backup started');
    this.adapterHost.httpAdapter.reply(reply, ndjsonAnswer(request, chunks));
  }

  @Post('import')
  @HttpCode(200)
  @Described('import')
  async import(@QueryOf(importQuery) query: ImportQuery, @Req() request: HttpRequest): Promise<ImportAnswer> {
    const chunks = received(bodyStream(request, backupContentType), idleMs);
    const report = await this.store.import(chunks, { overwrite: query.on_conflict === 'overwrite' });
    const answer = answerOf(report);
    const { conflicts: _, ...counts } = answer;
    this.logger.log({ type: 'import_ended', ...counts }, 'import ended');
    return answer;
  }
}

const answerOf = ({ conflicts, conflictCount, ...counts }: ImportReport): ImportAnswer => ({
  ...counts,
  conflicts: [...conflicts],
  conflict_count: conflictCount,
});
