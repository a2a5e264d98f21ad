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
  fastify.addHook('onClose', (_instance, done) => {
    arriving.close();
    done();
  });
}

/**
 * Requests that are still being read, the oldest first. All have the same time, so one timer for the
 * oldest is enough: a timer for each would cost more than most bodies take to read.
 */
class Arriving {
  readonly #milliseconds: number;
  readonly #onLate: (request: IncomingMessage) => void;
  /** When each is late, on the monotonic clock. */
  readonly #deadlines = new Map<IncomingMessage, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, onLate: (request: IncomingMessage) => void) {
    this.#milliseconds = milliseconds;
    this.#onLate = onLate;
  }

  add(request: IncomingMessage): void {
    this.#deadlines.set(request, performance.now() + this.#milliseconds);
    // Closed once it was read, or the connection is gone.
    request.once('close', () => this.#deadlines.delete(request));
    this.#timer ??= setTimeout(() => this.#look(), this.#milliseconds);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#deadlines.clear();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [request, deadline] of this.#deadlines) {
      if (deadline > now) {
        this.#timer = setTimeout(() => this.#look(), deadline - now);
        return;
      }
      this.#deadlines.delete(request);
      this.#onLate(request);
    }
  }
}
