/** When to try again after failures. A value: transitions give a new one. */
export interface Backoff {
  /** Failures in a row. */
  readonly failures: number;
  /** Not before this time, on the clock that was passed in. */
  readonly until: number;
}

export interface BackoffLimits {
  readonly firstMs: number;
  readonly largestMs: number;
}

export const noBackoff: Backoff = { failures: 0, until: 0 };

/**
 * Twice as long after every failure, up to `largestMs`; of each wait the second half is random, so that
 * nodes which lost the same archive at the same time do not come back at the same time.
 *
 * @param random At least 0, below 1.
 */
export function afterFailure(backoff: Backoff, limits: BackoffLimits, now: number, random: number): Backoff {
  const doublings = Math.min(backoff.failures, 30);
  const wait = Math.min(limits.firstMs * 2 ** doublings, limits.largestMs);
  return { failures: backoff.failures + 1, until: now + wait / 2 + (wait / 2) * random };
}
