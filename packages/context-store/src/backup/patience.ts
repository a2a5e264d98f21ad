import { setTimeout as delay } from 'node:timers/promises';

import { StoreError, type StoreErrorCode } from '../store-error.js';

const patienceMs = 60_000;
const longestDelayMs = 2_000;

/**
 * Tries again what failed for a reason that passes: an election, or a node that restarts, must not end a
 * backup of an hour. Only for what may happen twice.
 *
 * @param onFailure told of each failure after which it is tried again
 * @throws the last failure, after a minute without success
 */
export async function patiently<T>(
  work: () => Promise<T>,
  transient: ReadonlySet<StoreErrorCode>,
  onFailure: (error: StoreError) => void = () => undefined,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let wait = 50; ; wait = Math.min(wait * 2, longestDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError) || !transient.has(error.code)) throw error;
      if (performance.now() + wait > end) throw error;
      onFailure(error);
    }
    await delay(wait);
  }
}
