import { setTimeout as delay } from 'node:timers/promises';

/** Waits so long, or until the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // It rejects only where the signal has come.
  await delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
