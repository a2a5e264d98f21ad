/** Time as streams see it; tests have one of their own. */
export interface StreamClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back every so many milliseconds. Returns what ends it. */
  every(ms: number, callback: () => void): () => void;
}

export const systemClock: StreamClock = {
  now: () => performance.now(),
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  },
};
