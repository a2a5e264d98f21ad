import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { withoutToken } from '../auth/credentials.js';
import { type HttpReply, type HttpRequest, isAnswered } from '../http/exchange.js';
import { errorReply, isDefect } from './error-answer.js';

/**
 * Answers every failure as `{error, message}`. On the controllers of this package it is set already; an
 * application that wants the same shape for unknown paths and for failures of the HTTP stack adds
 * `app.useGlobalFilters(new ErrorFilter())`.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('ErrorFilter');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const reply = http.getResponse<HttpReply>();
    if (isDefect(error)) {
      const { method } = request;
      const url = withoutToken(request.url);
      this.logger.error({ type: 'request_failed', method, url, err: error }, 'request failed');
    }
    if (isAnswered(reply)) return;
    sendError(reply, error);
  }
}

/** Writes the answer to a failure, with the headers that belong to its status. */
export function sendError(reply: HttpReply, error: unknown): void {
  const { status, body } = errorReply(error);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 503) reply.header('retry-after', '1');
  // What is missing of the body may never come: the connection cannot be used for another request.
  if (status === 408) reply.header('connection', 'close');
  // Fastify closes the connection of a body that it does not read to the end. A client that is still
  // sending would then see a reset instead of the answer; without the header Node discards the rest.
  if (status === 413) reply.removeHeader('connection');
  reply.status(status);
  reply.header('content-type', 'application/json; charset=utf-8');
  reply.send(JSON.stringify(body));
}
