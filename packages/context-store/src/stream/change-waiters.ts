import type { ContextId } from '../context/context-id.js';
import { longestTimerMs } from '../within-deadline.js';

/** Those who wait for a change, by context: a change costs nothing to contexts that nobody watches. */
export class ChangeWaiters {
  readonly #byContext = new Map<ContextId, Set<() => void>>();
  #closed = false;

  /** Nobody waits any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves at the next `wake` of the context, or after `ms`. */
  wait(id: ContextId, ms: number): Promise<void> {
    if (this.#closed || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#byContext.get(id) ?? new Set();
      this.#byContext.set(id, waiting);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(
        () => {
          waiting.delete(wake);
          if (waiting.size === 0 && this.#byContext.get(id) === waiting) this.#byContext.delete(id);
          resolve();
        },
        Math.min(ms, longestTimerMs),
      );
      timer.unref();
      waiting.add(wake);
    });
  }

  wake(id: ContextId): void {
    const waiting = this.#byContext.get(id);
    if (waiting === undefined) return;
    this.#byContext.delete(id);
    for (const each of waiting) each();
  }

  wakeAll(): void {
    for (const id of [...this.#byContext.keys()]) this.wake(id);
  }

  /** Wakes everyone; from now on nobody waits. */
  close(): void {
    this.#closed = true;
    this.wakeAll();
  }
}
