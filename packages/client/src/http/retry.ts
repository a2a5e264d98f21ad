import { outcomeOf, type Failure } from './failure.js';

export interface RetryOptions {
  /** Tries after the first one. Default 3. */
  readonly count?: number;
  /** Delay before the second try, in milliseconds. It doubles from try to try. Default 100. */
  readonly minDelayMs?: number;
  /** Longest delay, in milliseconds. Default 5,000. */
  readonly maxDelayMs?: number;
}

export type RetryPolicy = Required<RetryOptions>;

/** A node that asks for a longer wait than this gets none: the caller is told at once. */
export const longestRetryAfterMs = 30_000;

export function retryPolicy(options: number | RetryOptions | undefined): RetryPolicy {
  const given = typeof options === 'number' ? { count: options } : (options ?? {});
  const policy = { count: 3, minDelayMs: 100, maxDelayMs: 5_000, ...given };
  for (const [name, value] of Object.entries(policy)) {
    if (!Number.isFinite(value) || value < 0) throw new TypeError(`retries: ${name} must be 0 or more`);
  }
  return policy;
}

/**
 * - `read` has no effect, and `repeatable` the same effect if it happens twice: retried after any
 *   transient failure.
 * - `once` is retried only after failures that certainly had no effect.
 */
export type Repetition = 'read' | 'repeatable' | 'once';

/**
 * Milliseconds to wait before the next try, or null for no further one.
 *
 * @param failures how many tries have failed, this one included
 * @param freshNode whether the next try goes to a node that has not failed in this call
 * @param random 0 ≤ random < 1, spreads the clients that failed together
 */
export function nextDelay(
  failure: Failure,
  repetition: Repetition,
  policy: RetryPolicy,
  failures: number,
  freshNode: boolean,
  random: number,
): number | null {
  if (failures > policy.count) return null;
  const outcome = outcomeOf(failure);
  if (outcome === 'final' || (outcome === 'unknown' && repetition === 'once')) return null;
  const asked = failure.kind === 'answer' ? (failure.retryAfterMs ?? 0) : 0;
  if (freshNode) return 0;
  if (asked > longestRetryAfterMs) return null;
  return Math.max(asked, backoff(policy, failures, random));
}

/** Half of it fixed, half of it random, doubling. */
export function backoff(
  policy: Pick<RetryPolicy, 'minDelayMs' | 'maxDelayMs'>,
  failures: number,
  random: number,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (random * ceiling) / 2;
}

/** `Retry-After`: seconds, or a date. Null where it is absent or neither. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
