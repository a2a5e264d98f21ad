import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeys } from '../auth/api-keys.js';
import { credentialsOf } from '../auth/credentials.js';
import { ApiError } from '../errors/api-error.js';
import { errorReply } from '../errors/error-answer.js';
import type { Metrics } from '../metrics/metrics.js';
import { isOpenEnded } from './request-hooks.js';

/** Express and middie add the path as the client sent it; `url` lacks what is mounted. */
type Request = IncomingMessage & { readonly originalUrl?: string };

/**
 * Middleware for the routes of this package in somebody else's application, where hooks on the whole
 * server would reach routes that are not ours: API keys, and how long each request took.
 */
export function embeddedRequests(keys: ApiKeys, metrics: Metrics) {
  return (request: Request, response: ServerResponse, next: () => void): void => {
    const started = performance.now();
    response.once('finish', () => {
      const route = routeOf(request.originalUrl ?? request.url ?? '');
      if (isOpenEnded(route) && response.statusCode === 200) return;
      const seconds = (performance.now() - started) / 1000;
      metrics.requestAnswered(request.method ?? '', route, response.statusCode, seconds);
    });
    const credentials = credentialsOf({ url: request.originalUrl ?? request.url, headers: request.headers });
    if (keys.accepts(credentials)) {
      next();
      return;
    }
    const { status, body } = errorReply(
      new ApiError('unauthorized', 'Send a valid API key: Authorization: Bearer KEY'),
    );
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'www-authenticate': 'Bearer',
    });
    response.end(JSON.stringify(body));
  };
}

/** The path with the ids and names taken out: a label for each would be a series for each, whoever makes them up. */
function routeOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.replace(/(\/v1\/contexts\/)[^/]+/, '$1:id').replace(/(\/v1\/cluster\/nodes\/)[^/]+/, '$1:name');
}
