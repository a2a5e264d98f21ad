import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EncodedRequest } from '../workload/requests.ts';
import { Connection, type LoadConnection } from './connection.ts';
import { Measurement } from './measurement.ts';

export interface LoadOptions {
  /** Opens one of the connections; `onFailure` hears of one that breaks later. */
  readonly connect: (index: number, onFailure: (error: Error) => void) => Promise<LoadConnection>;
  /** Requests in flight: each has a connection of its own and sends the next one when it is answered. */
  readonly inFlight: number;
  readonly next: () => EncodedRequest;
}

export interface TimedLoad extends LoadOptions {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Called under load when measuring begins and when it ends, e.g. to read the server's CPU time. */
  readonly onPhase?: (phase: 'begin' | 'end') => Promise<void> | void;
}

/** HTTP connections, one after the other to each of the ports in turn. */
export function overHttp(ports: readonly number[]): LoadOptions['connect'] {
  return (index, onFailure) => Connection.open(ports[index % ports.length] ?? 0, onFailure);
}

/** Of each connection, so that every kind of request in a mix is among them. */
const leastAnswers = 2;

/**
 * Loads the server for a time; only requests sent after the warm-up and answered in time count. Where hardly any was, on
 * a machine that is busy with other things, it takes as long as the least number of answers.
 */
export async function loadForTime(options: TimedLoad): Promise<Measurement> {
  const loop = await ClosedLoop.open(options);
  try {
    loop.start();
    await loop.orFailure(sleep(options.warmUpSeconds * 1_000));
    await options.onPhase?.('begin');
    loop.measure();
    await loop.orFailure(sleep(options.seconds * 1_000));
    await loop.orFailure(loop.answered(leastAnswers * options.inFlight));
    const measurement = loop.finish();
    await options.onPhase?.('end');
    await loop.orFailure(loop.drained);
    return measurement;
  } finally {
    loop.close();
  }
}

/** Sends `count` requests as fast as the server answers them. */
export async function loadForCount(options: LoadOptions & { readonly count: number }): Promise<Measurement> {
  let left = options.count;
  const loop = await ClosedLoop.open({
    ...options,
    next: () => {
      left -= 1;
      if (left === 0) loop.stopSending();
      return options.next();
    },
  });
  try {
    loop.measure();
    loop.start();
    await loop.orFailure(loop.drained);
    return loop.finish();
  } finally {
    loop.close();
  }
}

class ClosedLoop {
  readonly drained: Promise<void>;
  readonly #connections: LoadConnection[] = [];
  readonly #next: () => EncodedRequest;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #setDrained: () => void = () => undefined;
  #measurement: Measurement | undefined;
  #measuringSince = 0;
  #onAnswer: (soFar: Measurement) => void = () => undefined;
  #sending = true;
  #active = 0;

  private constructor(next: () => EncodedRequest) {
    this.#next = next;
    this.drained = new Promise((resolve) => (this.#setDrained = resolve));
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined); // a failure between two waits is reported by the next wait
  }

  static async open(options: LoadOptions): Promise<ClosedLoop> {
    const loop = new ClosedLoop(options.next);
    const opening = Array.from({ length: options.inFlight }, (_, index) =>
      options.connect(index, loop.#fail),
    );
    loop.#connections.push(...(await Promise.all(opening)));
    return loop;
  }

  start(): void {
    for (const connection of this.#connections) {
      if (!this.#sending) return;
      this.#active += 1;
      this.#sendNext(connection);
    }
  }

  measure(): void {
    this.#measurement = new Measurement();
    this.#measuringSince = performance.now();
  }

  /** Resolves once so many answers count. */
  answered(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswer = ({ requests, errorCount }) => {
        if (requests + errorCount < count) return;
        this.#onAnswer = () => undefined;
        resolve();
      };
      if (this.#measurement !== undefined) this.#onAnswer(this.#measurement);
    });
  }

  stopSending(): void {
    this.#sending = false;
  }

  /** Ends sending and measuring; answers that are still outstanding do not count. */
  finish(): Measurement {
    const measurement = this.#measurement;
    if (measurement === undefined) throw new Error('finish() needs measure() first');
    measurement.seconds = (performance.now() - this.#measuringSince) / 1_000;
    this.#measurement = undefined;
    this.#sending = false;
    return measurement;
  }

  orFailure<T>(wait: Promise<T>): Promise<T> {
    return Promise.race([wait, this.#failed]);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #sendNext(connection: LoadConnection): void {
    const request = this.#next();
    const sentAt = performance.now();
    connection.send(request.bytes, (status, body) => {
      const measurement = this.#measurement;
      if (measurement !== undefined && sentAt >= this.#measuringSince) {
        const expected = request.kind === 'append' ? 201 : 200;
        if (status === expected) {
          measurement.record(request.kind, (performance.now() - sentAt) * 1_000, body.length);
        } else measurement.recordError(status, body);
        this.#onAnswer(measurement);
      }
      if (this.#sending) this.#sendNext(connection);
      else {
        this.#active -= 1;
        if (this.#active === 0) this.#setDrained();
      }
    });
  }
}
