import type { ArchiveAdapter } from '../archive-adapter.js';
import type { ArchiveSource } from '../archive-source.js';
import type { ArchiverObserver } from './observer.js';

export interface ArchiverOptions {
  readonly source: ArchiveSource;
  /** Stays the caller's: `stop` does not close it. */
  readonly adapter: ArchiveAdapter;
  /** Rows of one batch. Default 5,000. */
  readonly batchRows?: number;
  /** Bytes of bodies in one batch, in which one row of any size always fits. Default 8 MiB. */
  readonly batchBytes?: number;
  /** Batches that are being written at once, while the next one is read. Default 1. */
  readonly concurrentWrites?: number;
  /**
   * Awaited after batches, with what they had: until the next one is read, so that what else the process does comes
   * first. It must end with the signal, which is that of `stop`. `flushNow` does not rest. Default: none.
   */
  readonly rest?: (archived: { readonly rows: number }, signal: AbortSignal) => Promise<void>;
  /** Pause when nothing is left to do, in milliseconds. Default 5,000. */
  readonly flushIntervalMs?: number;
  /** How long one write or erasure may take before the round counts as failed. Default 60 s. */
  readonly adapterTimeoutMs?: number;
  /** How long one call of the source may take. Default 10 s. */
  readonly sourceTimeoutMs?: number;
  /** The first and the longest pause after failures. Defaults 250 ms and 30 s. */
  readonly firstBackoffMs?: number;
  readonly largestBackoffMs?: number;
  /** How soon a refused row is tried again at first, and how seldom at last. Defaults 1 minute and 1 hour. */
  readonly firstRetryMs?: number;
  readonly largestRetryMs?: number;
  /** Refused rows that are kept in mind. Default 1,000. */
  readonly maxParked?: number;
  readonly observer?: ArchiverObserver;
  /** At least 0, below 1; for the jitter of pauses. Default: the platform's secure source. */
  readonly random?: () => number;
}

/** Goes on at once. */
export const noRest = (): Promise<void> => Promise.resolve();

export type ArchiverSettings = Required<ArchiverOptions>;

/** @throws RangeError where a number is not above 0 */
export function settingsOf(options: ArchiverOptions): ArchiverSettings {
  const settings: ArchiverSettings = {
    batchRows: 5_000,
    batchBytes: 8 * 1024 * 1024,
    concurrentWrites: 1,
    rest: noRest,
    flushIntervalMs: 5_000,
    adapterTimeoutMs: 60_000,
    sourceTimeoutMs: 10_000,
    firstBackoffMs: 250,
    largestBackoffMs: 30_000,
    firstRetryMs: 60_000,
    largestRetryMs: 3_600_000,
    maxParked: 1_000,
    observer: {},
    random: secureRandom,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'number' || value > 0) continue;
    throw new RangeError(`${name} must be above 0, got ${value}.`);
  }
  return settings;
}

function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
