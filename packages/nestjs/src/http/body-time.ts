import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { hasBody } from './exchange.js';
import { isStreamedBody } from './ndjson-body.js';

/**
 * Ends requests whose body does not arrive in full in time, as Node's `requestTimeout` would: the answer
 * is that of the adapter's `clientErrorHandler`. A body that its route reads as a stream is left to it.
 */
export function limitBodyTime(fastify: FastifyInstance, milliseconds: number): void {
  const arriving = new Arriving(milliseconds, ({ socket }) => {
    const error = Object.assign(new Error('The body did not arrive in time'), {
      code: 'ERR_HTTP_REQUEST_TIMEOUT',
    });
    fastify.server.emit('clientError', error, socket);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { headers, raw } = request;
    if (hasBody(headers) && !isStreamedBody(headers['content-type'])) arriving.add(raw);
    done();
  });
  // The first hook after the body was read.
  fastify.addHook('preValidation', ({ raw }, _reply, done) => {
    arriving.remove(raw);
    done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    arriving.close();
    done();
  });
}

/** Read in full, or cut off. */
const hasEnded = (request: Request): boolean => request.complete || request.destroyed;

/** Where a request is among those that arrive. */
const place = Symbol('place');

type Request = IncomingMessage & { [place]?: number };

/**
 * Requests that are still being read. One timer, for the oldest, is enough: a timer for each would cost more than
 * most bodies take to read, and so would a listener to its end. So those that end before they are read in full, refused
 * or cut off, stay until the timer looks.
 */
class Arriving {
  readonly #milliseconds: number;
  readonly #onLate: (request: IncomingMessage) => void;
  readonly #requests: (Request | null)[] = [];
  /** When each is late, on the monotonic clock. */
  readonly #deadlines: number[] = [];
  readonly #freePlaces: number[] = [];
  /** How many places there may be before those of requests that have ended are looked for. */
  #roomyFor = 1_024;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, onLate: (request: IncomingMessage) => void) {
    this.#milliseconds = milliseconds;
    this.#onLate = onLate;
  }

  add(request: Request): void {
    if (this.#freePlaces.length === 0 && this.#requests.length >= this.#roomyFor) this.#makeRoom();
    const at = this.#freePlaces.pop() ?? this.#requests.length;
    request[place] = at;
    this.#requests[at] = request;
    this.#deadlines[at] = performance.now() + this.#milliseconds;
    this.#timer ??= setTimeout(() => this.#look(), this.#milliseconds);
  }

  /** Those that were never added, or are no longer here, are left alone. */
  remove(request: Request): void {
    const at = request[place];
    if (at === undefined || this.#requests[at] !== request) return;
    this.#requests[at] = null;
    this.#freePlaces.push(at);
  }

  /**
   * A flood of requests that are refused before they are read must not be kept until the timer looks. Twice as many
   * places as are needed, so that looking costs each request little.
   */
  #makeRoom(): void {
    for (const request of this.#requests) if (request !== null && hasEnded(request)) this.remove(request);
    this.#roomyFor = Math.max(1_024, 2 * (this.#requests.length - this.#freePlaces.length));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#requests.fill(null);
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const [at, request] of this.#requests.entries()) {
      const deadline = this.#deadlines[at];
      if (request === null || deadline === undefined) continue;
      const ended = hasEnded(request);
      if (!ended && deadline > now) {
        next = Math.min(next, deadline);
        continue;
      }
      this.remove(request);
      if (!ended) this.#onLate(request);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#look(), next - now);
  }
}
