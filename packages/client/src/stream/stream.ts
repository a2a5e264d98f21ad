import type { ContextAnswer } from '@fastpaca/protocol';
import type { CallOptions } from '../context/append.js';
import { errorOf } from '../errors/error-of.js';
import { sleep } from '../http/deadline.js';
import { outcomeOf, type Failure } from '../http/failure.js';
import { BrokenAnswer, type Http } from '../http/http.js';
import { backoff } from '../http/retry.js';
import type { MessageShape } from '../message/message.js';
import { FrameReader, type StreamEnd } from './frame-reader.js';
import type { StreamEvent, StreamNotice } from './stream-event.js';
import { StreamPosition } from './stream-position.js';

export interface StreamOptions extends CallOptions {
  /**
   * The `cursor` of the last event that was processed: what came after it is replayed, then the stream
   * is live. 0 replays everything. Default: only what happens from now on.
   */
  readonly cursor?: number | undefined;
  /** False leaves the messages out: the event says only that there is one. Default true. */
  readonly includeMessages?: boolean | undefined;
  /** A connection on which nothing came for so long is given up and made anew. Default 75,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Told each time a connection was lost, before it is made anew. */
  readonly onDisconnect?: ((error: Error) => void) | undefined;
}

/**
 * Follows a context over Server-Sent Events, from connection to connection.
 *
 * The first connection is tried as often as any call; once there was one, it is made anew until the
 * signal is aborted.
 */
export async function* followStream<M extends MessageShape>(
  http: Http,
  path: string,
  options: StreamOptions,
): AsyncGenerator<StreamEvent<M> | StreamNotice, void, undefined> {
  const { signal, idleTimeoutMs = 75_000, onDisconnect } = options;
  // Without a cursor a connection that is lost before its first event would not know where to go on.
  const position = new StreamPosition<M>(options.cursor ?? (await currentVersion(http, path, signal)));
  let connected = false;
  for (let failures = 1; ; failures++) {
    const { url, index } = http.nodes.pick();
    const tried = await connect(http, url, path, position.cursor, options);
    let lost: Error;
    if (tried.ok) {
      connected = true;
      const reader = new FrameReader(tried.value, idleTimeoutMs);
      try {
        let next = await reader.next(signal);
        for (; next.kind === 'frame' || next.kind === 'sign of life'; next = await reader.next(signal)) {
          failures = 0;
          const event = next.kind === 'frame' ? position.accept(next.frame) : null;
          if (event !== null) yield event;
          if (event?.type === 'tombstoned') return;
        }
        lost = endError(next, url);
      } finally {
        reader.close();
      }
    } else {
      const { failure } = tried;
      lost = errorOf(failure, {
        attempts: failures,
        outcomeUnknown: false,
        call: `GET ${url}${path}/stream`,
      });
      if (outcomeOf(failure) === 'final' || (!connected && failures > http.retries.count)) throw lost;
    }
    http.nodes.failed(index);
    onDisconnect?.(lost);
    await sleep(reconnectDelay(http, failures, tried.ok ? null : tried.failure), signal);
  }
}

async function currentVersion(http: Http, path: string, signal: AbortSignal | undefined): Promise<number> {
  const answer = await http.json({ method: 'GET', path, repetition: 'read', signal });
  return (answer as ContextAnswer).version;
}

function connect(
  http: Http,
  url: string,
  path: string,
  cursor: number,
  { includeMessages, signal }: StreamOptions,
): ReturnType<typeof http.once<ReadableStream<Uint8Array>>> {
  const query = { cursor, include_messages: includeMessages === false ? false : undefined };
  const headers = { accept: 'text/event-stream' };
  const call = { method: 'GET', path: `${path}/stream`, query, headers, repetition: 'read', signal } as const;
  return http.once(call, url, async (response) => {
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream') || response.body === null) {
      await response.body?.cancel();
      throw new BrokenAnswer(response.status, `"${type}" where a stream of events was expected`);
    }
    return response.body;
  });
}

function reconnectDelay(http: Http, failures: number, failure: Failure | null): number {
  const asked = failure?.kind === 'answer' ? (failure.retryAfterMs ?? 0) : 0;
  return Math.max(Math.min(asked, 30_000), backoff(http.retries, Math.max(1, failures), http.random()));
}

function endError(end: StreamEnd, url: string): Error {
  switch (end.kind) {
    case 'ended':
      return new Error(`${url} ended the stream`);
    case 'silent':
      return new Error(`${url} was silent for ${end.idleTimeoutMs} ms`);
    case 'broken':
      return new Error(`The stream of ${url} broke off`, { cause: end.cause });
  }
}
