import type { IncomingHttpHeaders } from 'node:http';

const streamPath = /^[^?]*\/v1\/contexts\/[^/?]+\/stream\?/;

/**
 * The `Authorization` of a request. Browsers cannot set headers on a websocket or an `EventSource`:
 * on the path of a stream `?access_token=KEY` stands for `Bearer KEY`. Nowhere else, since URLs end up
 * in logs of proxies.
 */
export function credentialsOf(request: {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}): string | undefined {
  const { url = '', headers } = request;
  if (headers.authorization !== undefined || !streamPath.test(url)) return headers.authorization;
  const token = new URLSearchParams(url.slice(url.indexOf('?'))).get('access_token');
  return token === null ? undefined : `Bearer ${token}`;
}

/** A URL that may be logged. */
export const withoutToken = (url: string): string => url.replace(/([?&]access_token=)[^&]*/g, '$1***');
