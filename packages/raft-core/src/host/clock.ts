/** Time and scheduling, so that tests and simulators can bring their own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Runs `task` once after `ms`. Returns what `cancel` takes. */
  schedule(task: () => void, ms: number): unknown;
  cancel(handle: unknown): void;
  /** Runs `task` after the I/O events that are ready now. */
  defer(task: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (task, ms) => setTimeout(task, ms),
  cancel: (handle) => {
    clearTimeout(handle as NodeJS.Timeout);
  },
  defer: (task) => {
    setImmediate(task);
  },
};
