import { afterFailure, noBackoff, type Backoff } from '../plan/backoff.js';
import { Parking, type ParkedRow } from '../plan/parking.js';
import { nothingPending, type PendingSummary } from '../plan/pending-tally.js';
import { ArchiveError } from '../archive-error.js';
import { withDeadline } from './deadline.js';
import { Erasures } from './erasures.js';
import type { RoundFailure } from './failure.js';
import { noRest, settingsOf, type ArchiverOptions, type ArchiverSettings } from './options.js';
import { pause } from './pause.js';
import { Round, type RoundResult } from './round.js';
import { Slots } from './slots.js';

export interface ArchiverStatus {
  /** As the last round has found it. */
  readonly pending: PendingSummary;
  /** Rows that the archive refuses, with why. */
  readonly parked: readonly ParkedRow[];
  /** Rounds that failed in a row. */
  readonly failures: number;
  /** Why the last one did. */
  readonly lastError: Error | null;
}

/**
 * Moves messages from a source into an archive, in rounds, and acknowledges to the source how far each
 * context has come. It holds nothing that matters: where it stops, at any moment, another goes on from the
 * source's watermarks. What is written twice is there once.
 *
 * A round takes each waiting context's fair part of a batch. While something is left the next round
 * follows at once, else after `flushIntervalMs`; after a failure after a pause that grows.
 *
 * ```ts
 * const archiver = new Archiver({ source, adapter });
 * archiver.start();
 * ```
 */
export class Archiver {
  readonly #settings: ArchiverSettings;
  readonly #parking: Parking;
  readonly #writes: Slots;
  readonly #erasures: Erasures;
  #backoff: Backoff = noBackoff;
  #lastError: Error | null = null;
  #pending: PendingSummary = nothingPending;
  #running: Promise<void> | null = null;
  #stop = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #flush: Promise<void> | null = null;

  /** @throws RangeError where a number of the options is not above 0 */
  constructor(options: ArchiverOptions) {
    this.#settings = settingsOf(options);
    const { maxParked, firstRetryMs, largestRetryMs, concurrentWrites } = this.#settings;
    this.#parking = new Parking(maxParked, { firstMs: firstRetryMs, largestMs: largestRetryMs });
    this.#writes = new Slots(concurrentWrites);
    this.#erasures = new Erasures(this.#settings);
  }

  /** Begins with a round at once. Without effect where it has begun, or while it stops. */
  start(): void {
    this.#running ??= this.#loop();
  }

  /**
   * Begins nothing more, and waits until what is under way has ended or run into its deadline. What is left
   * stays in the source.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    const { adapterTimeoutMs, sourceTimeoutMs } = this.#settings;
    const ended = Promise.all([this.#running, this.#turn]);
    await withDeadline(ended, 2 * (adapterTimeoutMs + sourceTimeoutMs), 'The end of a round');
    this.#running = null;
    this.#stop = new AbortController();
  }

  /**
   * Archives what waits now, in rounds that begin after this call, started or not. Resolves when nothing is
   * left but refused rows, what came meanwhile, and what the source does not let go of.
   *
   * @throws the error of the archive or the source that ended a round early, or ArchiveError `archive_closed`
   *   where `stop` did; the rest is then still pending
   */
  flushNow(): Promise<void> {
    // Calls that come while one waits for its turn are the same wish.
    this.#flush ??= this.#inTurn(async () => {
      this.#flush = null;
      for (;;) {
        const { pending, behind, failure } = await this.#round({ ...this.#settings, rest: noRest });
        if (failure !== null) throw failure.cause;
        // Only `stop` ends a pass early without a failure.
        if (pending === null) {
          throw new ArchiveError('archive_closed', 'The archiver was stopped: what is left stays pending.');
        }
        if (!behind) return;
      }
    });
    return this.#flush;
  }

  status(): ArchiverStatus {
    return {
      pending: this.#pending,
      parked: this.#parking.list(),
      failures: this.#backoff.failures,
      lastError: this.#lastError,
    };
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const { behind, unrested } = await this.#inTurn(() => this.#round(this.#settings));
      if (unrested > 0) await this.#settings.rest({ rows: unrested }, signal);
      if (!behind) await this.#pause();
    }
  }

  /** One round at a time: two would write the same rows. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #pause(): Promise<void> {
    const failed = this.#backoff.failures > 0;
    const ms = failed ? this.#backoff.until - performance.now() : this.#settings.flushIntervalMs;
    await pause(ms, this.#stop.signal);
  }

  async #round(settings: ArchiverSettings): Promise<RoundResult> {
    const { signal } = this.#stop;
    const erasureFailure = await this.#erasures.run(() => signal.aborted);
    const round = new Round(settings, this.#parking, this.#writes, signal);
    const result = await round.run();
    if (result.pending !== null) {
      this.#pending = result.pending;
      this.#settings.observer.onPending?.(result.pending);
    }
    this.#note(result.failure);
    return erasureFailure === null ? result : { ...result, failure: result.failure ?? erasureFailure };
  }

  #note(failure: RoundFailure | null): void {
    if (failure === null) {
      this.#backoff = noBackoff;
      this.#lastError = null;
      return;
    }
    const { firstBackoffMs: firstMs, largestBackoffMs: largestMs, random, observer } = this.#settings;
    const now = performance.now();
    this.#backoff = afterFailure(this.#backoff, { firstMs, largestMs }, now, random());
    this.#lastError = failure.cause;
    observer.onFailure?.({ of: failure.of, error: failure.cause, retryInMs: this.#backoff.until - now });
  }
}
