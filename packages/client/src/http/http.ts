import { errorOf } from '../errors/error-of.js';
import { BaseUrls } from './base-urls.js';
import { linked, longestTimerMs, sleep, untilAborted } from './deadline.js';
import { mayHaveApplied, type Failure } from './failure.js';
import { randomFraction } from './random.js';
import {
  nextDelay,
  retryAfterMs,
  retryPolicy,
  type Repetition,
  type RetryOptions,
  type RetryPolicy,
} from './retry.js';

export interface ClientOptions {
  /**
   * Address of the store, or of several of its nodes: `http://localhost:4000`. With several, a call
   * that fails on one is tried on the next.
   */
  readonly baseUrl: string | readonly string[];
  /** Sent as `Authorization: Bearer KEY`. A page in a browser must not hold it: call your own server. */
  readonly apiKey?: string | undefined;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** Time for one try, until its answer is complete, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Tries after the first one (default 3), or how they are spread. 0 turns retries off. */
  readonly retries?: number | RetryOptions | undefined;
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly repetition: Repetition;
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's; `Infinity` for a call that may take any time. */
  readonly timeoutMs?: number;
}

/** A call with its body as it goes over the wire: encoded once, for all tries. */
type EncodedCall = Omit<Call, 'body'> & { readonly body?: string | ReadableStream<Uint8Array> };

/** What one try gave. */
export type Tried<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Calls to the store: which node, which headers, how long, how often. */
export class Http {
  readonly retries: RetryPolicy;
  readonly nodes: BaseUrls;
  readonly random: () => number;
  private readonly timeoutMs: number;
  private readonly options: ClientOptions;

  constructor(options: ClientOptions, random: () => number = randomFraction) {
    this.random = random;
    this.options = options;
    this.retries = retryPolicy(options.retries);
    this.nodes = new BaseUrls(options.baseUrl, random);
    this.timeoutMs = options.timeoutMs ?? 30_000;
    if (!(this.timeoutMs > 0)) throw new TypeError('timeoutMs: must be more than 0');
  }

  /** Sends a call, again where that is safe, and gives the JSON of its answer (null for 204). */
  json(call: Call): Promise<unknown> {
    return this.request(call, readJson);
  }

  /** As `json`; `read` takes the value out of a good answer. */
  async request<T>({ body, ...rest }: Call, read: (response: Response) => Promise<T>): Promise<T> {
    // What cannot be encoded is the caller's mistake, not a failure of the connection.
    const call: EncodedCall = body === undefined ? rest : { ...rest, body: JSON.stringify(body) };
    let unknown = false;
    for (let failures = 1; ; failures++) {
      const { url, index } = this.nodes.pick();
      const tried = await this.once(call, url, read);
      if (tried.ok) return tried.value;
      const { failure } = tried;
      unknown ||= call.repetition !== 'read' && mayHaveApplied(failure);
      const delay = this.afterFailure(failure, call.repetition, failures, index);
      if (delay === null) {
        throw errorOf(failure, {
          attempts: failures,
          outcomeUnknown: unknown,
          call: `${call.method} ${url}${call.path}`,
        });
      }
      await sleep(delay, call.signal);
    }
  }

  /** Moves to the next node where this one is at fault, and says how long to wait; null: give up. */
  private afterFailure(
    failure: Failure,
    repetition: Repetition,
    failures: number,
    node: number,
  ): number | null {
    // The limit on requests is one of the caller; to go round it by way of the other nodes would be rude.
    const limited = failure.kind === 'answer' && failure.status === 429;
    if (!limited) this.nodes.failed(node);
    const fresh = !limited && failures < this.nodes.count;
    return nextDelay(failure, repetition, this.retries, failures, fresh, this.random());
  }

  /**
   * One try on one node. `read` takes the value out of a good answer; the timeout covers it.
   *
   * @throws the reason of the call's signal, once that is aborted
   */
  async once<T>(
    call: EncodedCall,
    baseUrl: string,
    read: (response: Response) => Promise<T>,
  ): Promise<Tried<T>> {
    call.signal?.throwIfAborted();
    const { controller, release } = linked(call.signal);
    const timeoutMs = call.timeoutMs ?? this.timeoutMs;
    const timer =
      timeoutMs <= longestTimerMs
        ? setTimeout(() => {
            controller.abort(timedOut);
          }, timeoutMs)
        : undefined;
    try {
      // Raced, so that a `fetch` which does not heed its signal cannot hold the caller.
      return await untilAborted(this.exchange(call, baseUrl, controller.signal, read), controller.signal);
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (error === timedOut) return { ok: false, failure: { kind: 'timeout', timeoutMs } };
      if (error instanceof BrokenAnswer) {
        const { status, message, cause } = error;
        return { ok: false, failure: { kind: 'broken', status, what: message, cause } };
      }
      return { ok: false, failure: { kind: 'connection', cause: error } };
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  private async exchange<T>(
    call: EncodedCall,
    baseUrl: string,
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<Tried<T>> {
    // Called without a receiver: browsers refuse a fetch that is somebody's method.
    const send = this.options.fetch ?? globalThis.fetch;
    const { apiKey } = this.options;
    const response = await send(baseUrl + call.path + queryText(call.query), {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(call.body instanceof ReadableStream ? { duplex: 'half' } : {}),
      signal,
    });
    if (response.ok) return { ok: true, value: await read(response) };
    return { ok: false, failure: await readFailure(response) };
  }
}

const timedOut = new Error('timed out');

/** A good status with a body that cannot be used. */
export class BrokenAnswer extends Error {
  readonly status: number;

  constructor(status: number, what: string, cause?: unknown) {
    super(what, { cause });
    this.status = status;
  }
}

export async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new BrokenAnswer(response.status, 'a body that broke off', cause);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new BrokenAnswer(response.status, 'a body that is not whole JSON', cause);
  }
}

async function readFailure(response: Response): Promise<Failure> {
  // The status alone decides where the body is broken.
  const text = await response.text().catch(() => '');
  return {
    kind: 'answer',
    status: response.status,
    body: errorBody(text),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
  };
}

function errorBody(text: string): Extract<Failure, { kind: 'answer' }>['body'] {
  try {
    const body = JSON.parse(text) as unknown;
    const known = typeof body === 'object' && body !== null && 'error' in body && 'message' in body;
    if (!known || typeof body.error !== 'string' || typeof body.message !== 'string') return null;
    return body as NonNullable<ReturnType<typeof errorBody>>;
  } catch {
    return null;
  }
}

function queryText(query: Call['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.append(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
