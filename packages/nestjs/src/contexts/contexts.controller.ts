import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Logger,
  Patch,
  Put,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import type { ContextStore, ContextView } from '@fastpaca/context-store';
import {
  type DeleteContextQuery,
  type ListContextsAnswer,
  type ListContextsQuery,
  type PatchMetadataBody,
  type PutContextBody,
  deleteContextQuery,
  listContextsQuery,
  patchMetadataBody,
  putContextBody,
} from '@fastpaca/protocol';
import { ErrorFilter } from '../errors/error-filter.js';
import type { HttpReply, HttpRequest } from '../http/exchange.js';
import { BodyOf, ContextId, OptionalBodyOf, QueryOf, type ValidBody } from '../http/parameters.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';
import { metadataFilter } from './metadata-filter.js';
import { settingsOf } from './settings.js';

@Controller('v1/contexts')
@UseFilters(ErrorFilter)
export class ContextsController {
  private readonly logger = new Logger('Contexts');

  constructor(@Inject(CONTEXT_STORE) private readonly store: ContextStore) {}

  @Put(':id')
  @Described('putContext')
  async put(
    @ContextId() id: string,
    @OptionalBodyOf(putContextBody) body: ValidBody<PutContextBody>,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<ContextView> {
    const { created, context } = await this.store.put(id, settingsOf(body.value));
    if (created) {
      reply.status(201);
      this.logger.log({ type: 'context_created', context_id: id }, 'context created');
    }
    return context;
  }

  @Get()
  @Described('listContexts')
  async list(
    @QueryOf(listContextsQuery) query: ListContextsQuery,
    @Req() request: HttpRequest,
  ): Promise<ListContextsAnswer> {
    const metadata = metadataFilter(request.query);
    const { contexts, nextCursor } = await this.store.list({
      ...(query.limit === undefined ? {} : { limit: query.limit }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.prefix === undefined ? {} : { prefix: query.prefix }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    return { contexts: [...contexts], next_cursor: nextCursor };
  }

  @Get(':id')
  @Described('getContext')
  get(@ContextId() id: string): Promise<ContextView> {
    return this.store.get(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Described('deleteContext')
  async delete(
    @ContextId() id: string,
    @QueryOf(deleteContextQuery) query: DeleteContextQuery,
  ): Promise<void> {
    if (query.mode === 'erase') {
      await this.store.erase(id);
      this.logger.log({ type: 'context_erased', context_id: id }, 'context erased');
    } else {
      await this.store.tombstone(id);
      this.logger.log({ type: 'context_tombstoned', context_id: id }, 'context tombstoned');
    }
  }

  @Patch(':id/metadata')
  @Described('patchMetadata')
  patchMetadata(
    @ContextId() id: string,
    @BodyOf(patchMetadataBody) body: ValidBody<PatchMetadataBody>,
  ): Promise<ContextView> {
    return this.store.patchMetadata(id, body.value.metadata);
  }
}
