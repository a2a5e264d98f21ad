import type { EventQueue } from './event-queue.js';

/** A node's own clock: monotonic, and faster or slower than the time of the run. */
export class SkewedClock {
  readonly #queue: EventQueue;
  #rate: number;
  #at = 0;
  #setAt = 0;

  constructor(queue: EventQueue, rate: number) {
    this.#queue = queue;
    this.#rate = rate;
  }

  get now(): number {
    return this.#at + (this.#queue.now - this.#setAt) * this.#rate;
  }

  /** The clock goes on from where it is, at another rate. */
  setRate(rate: number): void {
    this.#at = this.now;
    this.#setAt = this.#queue.now;
    this.#rate = rate;
  }
}
