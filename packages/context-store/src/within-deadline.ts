import { StoreError } from './store-error.js';

/**
 * What a call does before it writes counts against its deadline as well: counting the tokens of megabytes
 * takes seconds where many wait for it. Gives the value and the time that is left, at least 1 ms.
 * @throws StoreError `unavailable` once the deadline is over; what was under way ends unheard
 */
export async function withinDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
): Promise<{ readonly value: T; readonly leftMs: number }> {
  const end = performance.now() + deadlineMs;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StoreError(
          'unavailable',
          `The tokens were not counted within ${deadlineMs} ms. Nothing was written; retry, or send fewer or smaller messages.`,
        ),
      );
    }, deadlineMs);
  });
  try {
    const value = await Promise.race([work, over]);
    return { value, leftMs: Math.max(1, Math.ceil(end - performance.now())) };
  } finally {
    clearTimeout(timer);
  }
}
