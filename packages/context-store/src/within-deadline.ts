import type { StoreError } from './store-error.js';

/** A timer of Node that is to wait longer fires at once. */
export const longestTimerMs = 0x7fff_ffff;

/**
 * Gives what the work comes to and the time that is left, at least 1 ms. Once the time is over it fails with
 * the error of `late`; what was under way ends unheard.
 */
export async function withinDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  late: () => StoreError,
): Promise<{ readonly value: T; readonly leftMs: number }> {
  const end = performance.now() + deadlineMs;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        reject(late());
      },
      Math.min(deadlineMs, longestTimerMs),
    );
  });
  try {
    const value = await Promise.race([work, over]);
    return { value, leftMs: Math.max(1, Math.ceil(end - performance.now())) };
  } finally {
    clearTimeout(timer);
  }
}
