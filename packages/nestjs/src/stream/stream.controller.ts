import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { ErrorFilter } from '../errors/error-filter.js';
import type { HttpReply, HttpRequest } from '../http/exchange.js';
import { Described } from '../openapi/described.js';
import { EventStreamClient } from './event-stream-client.js';
import { streamRequest } from './stream-admission.js';
import { Streams, type StreamStart } from './streams.js';

/** Fastify's reply has Node's response inside, and must be told to leave it alone; Express's is it. */
interface RawReply extends HttpReply {
  readonly raw?: ServerResponse;
  hijack?(): void;
  getHeaders(): OutgoingHttpHeaders;
}

/** Streams as Server-Sent Events, on the path that is a websocket with an upgrade. */
@Controller('v1/contexts/:id')
@UseFilters(ErrorFilter)
export class StreamController {
  constructor(private readonly streams: Streams) {}

  @Get('stream')
  @Described('streamContext')
  async stream(@Req() request: HttpRequest, @Res() reply: RawReply): Promise<void> {
    let start: StreamStart;
    try {
      start = await this.streams.start(requestOf(request));
    } catch (error) {
      this.streams.refused(error);
      throw error;
    }
    const response = takeOver(reply);
    if (request.method === 'HEAD' || response.destroyed) {
      start.release();
      response.end();
      return;
    }
    this.streams.run(start, new EventStreamClient(response));
  }
}

function requestOf({ headers, params, query }: HttpRequest) {
  if (headers.accept?.includes('text/event-stream') !== true) {
    throw new ApiError(
      'upgrade_required',
      'Connect with a websocket, or send Accept: text/event-stream for Server-Sent Events',
    );
  }
  const lastEventId = headers['last-event-id'];
  return streamRequest(params['id'] ?? '', query, typeof lastEventId === 'string' ? lastEventId : undefined);
}

/** Sends the headers at once and returns the response to write to. */
function takeOver(reply: RawReply): ServerResponse {
  reply.hijack?.();
  const response = reply.raw ?? (reply as unknown as ServerResponse);
  response.writeHead(200, {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    // nginx would collect the events otherwise.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  return response;
}
