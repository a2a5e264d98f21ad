import { Controller, Get, HttpCode, Inject, Logger, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { ContextStore, WindowView } from '@fastpaca/context-store';
import {
  type CompactAnswer,
  type CompactBody,
  type WindowQuery,
  compactBody,
  windowQuery,
} from '@fastpaca/protocol';
import { ErrorFilter } from '../errors/error-filter.js';
import { type HttpReply, type HttpRequest, sendJson } from '../http/exchange.js';
import { joinJson } from '../http/json-list.js';
import { BodyOf, ContextId, QueryOf, type ValidBody } from '../http/parameters.js';
import { replacementMessages } from '../messages/message-inputs.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';
import { matchesTag } from './entity-tag.js';

@Controller('v1/contexts/:id')
@UseFilters(ErrorFilter)
export class WindowController {
  private readonly logger = new Logger('Window');

  constructor(@Inject(CONTEXT_STORE) private readonly store: ContextStore) {}

  @Get('context')
  @Described('readWindow')
  async read(
    @ContextId() id: string,
    @QueryOf(windowQuery) query: WindowQuery,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const view = await this.store.window(id, {
      ...(query.budget_tokens === undefined ? {} : { budgetTokens: query.budget_tokens }),
      ...(query.if_version === undefined ? {} : { ifVersion: query.if_version }),
      ...(query.explain === undefined ? {} : { explain: query.explain }),
    });
    const tag = tagOf(view);
    reply.header('etag', tag);
    if (matchesTag(request.headers['if-none-match'], tag)) {
      reply.status(304);
      reply.send(undefined);
      return;
    }
    sendJson(reply, windowJson(view));
  }

  @Post('compact')
  @HttpCode(200)
  @Described('compactContext')
  async compact(
    @ContextId() id: string,
    @BodyOf(compactBody) body: ValidBody<CompactBody>,
  ): Promise<CompactAnswer> {
    const { if_version: ifVersion, up_to_seq: upToSeq } = body.value;
    const { version } = await this.store.compact(id, replacementMessages(body), {
      ...(ifVersion === undefined ? {} : { ifVersion }),
      ...(upToSeq === undefined ? {} : { upToSeq }),
    });
    this.logger.log({ type: 'context_compacted', context_id: id, version }, 'context compacted');
    return { version };
  }
}

/** The explanation is part of the answer, so an answer with it has another tag. */
function tagOf(view: WindowView): string {
  return view.explain === undefined ? view.etag : view.etag.replace(/"$/, '-explain"');
}

function windowJson(view: WindowView): Buffer {
  const explain = view.explain === undefined ? '' : `,"explain":${JSON.stringify(view.explain)}`;
  return joinJson(
    `{"version":${view.version},"messages":[`,
    view.messages,
    `],"used_tokens":${view.usedTokens},"needs_compaction":${view.needsCompaction}` +
      `,"segments":${JSON.stringify(view.segments)}${explain}}`,
  );
}
