import { Controller, Get, HttpCode, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AppendResult, ContextStore } from '@fastpaca/context-store';
import {
  type AppendAnswer,
  type AppendBody,
  type MessagesQuery,
  type TailQuery,
  appendBody,
  messagesQuery,
  tailQuery,
} from '@fastpaca/protocol';
import { invalidField } from '../errors/api-error.js';
import { ErrorFilter } from '../errors/error-filter.js';
import { type HttpReply, type HttpRequest, sendJson } from '../http/exchange.js';
import { joinJson } from '../http/json-list.js';
import { ndjsonAnswer, ndjsonType } from '../http/ndjson-answer.js';
import { BodyOf, ContextId, QueryOf, type ValidBody } from '../http/parameters.js';
import { Described } from '../openapi/described.js';
import { CONTEXT_STORE } from '../tokens.js';
import { appendedMessages } from './message-inputs.js';
import { exportRange, pageOf } from './message-range.js';

@Controller('v1/contexts/:id')
@UseFilters(ErrorFilter)
export class MessagesController {
  constructor(
    @Inject(CONTEXT_STORE) private readonly store: ContextStore,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Post('messages')
  @HttpCode(201)
  @Described('appendMessages')
  async append(
    @ContextId() id: string,
    @BodyOf(appendBody) body: ValidBody<AppendBody>,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const idempotencyKey = keyOf(request);
    const ifVersion = body.value.if_version;
    const result = await this.store.append(id, appendedMessages(body), {
      ...(ifVersion === undefined ? {} : { ifVersion }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    // Not by a return: what Nest then asks of the value costs as much as the answer.
    sendJson(reply, JSON.stringify(appendAnswer(result, body.value.message !== undefined)));
  }

  @Get('tail')
  @Described('tailMessages')
  async tail(
    @ContextId() id: string,
    @QueryOf(tailQuery) query: TailQuery,
    @Res() reply: HttpReply,
  ): Promise<void> {
    const messages = await this.store.tail(id, {
      ...(query.limit === undefined ? {} : { limit: query.limit }),
      ...(query.offset === undefined ? {} : { offset: query.offset }),
    });
    sendJson(reply, joinJson('{"messages":[', messages, ']}'));
  }

  @Get('messages')
  @Described('listMessages')
  async list(
    @ContextId() id: string,
    @QueryOf(messagesQuery) query: MessagesQuery,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    if (request.headers.accept?.includes(ndjsonType) === true) {
      const lines = await this.store.export(id, exportRange(query));
      this.adapterHost.httpAdapter.reply(reply, ndjsonAnswer(request, lines));
      return;
    }
    const { messages, nextCursor } = await this.store.messages(id, pageOf(query));
    sendJson(reply, joinJson('{"messages":[', messages, `],"next_cursor":${nextCursor ?? 'null'}}`));
  }
}

function keyOf(request: HttpRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x20-\x7e]{1,256}$/.test(key)) return key;
  throw invalidField('The header', 'Idempotency-Key', 'must have 1 to 256 printable characters');
}

function appendAnswer(result: AppendResult, single: boolean): AppendAnswer {
  const deduped = result.deduped ? { deduped: true as const } : {};
  const results = result.results.map(({ seq, tokenEstimate }) => ({ seq, token_estimate: tokenEstimate }));
  const [first] = results;
  if (!single || first === undefined) return { version: result.version, results, ...deduped };
  return { seq: first.seq, version: result.version, token_estimate: first.token_estimate, ...deduped };
}
