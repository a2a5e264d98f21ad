/** A timer that is to wait longer fires at once. */
export const longestTimerMs = 0x7fff_ffff;

/** Rejects with the signal's reason once it is aborted; `work` itself is not touched. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(asError(signal.reason));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    // The loser of the race must not end the process.
    work.catch(() => undefined);
  }
}

/** Waits, or rejects with the signal's reason. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(asError(signal.reason));
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(asError(signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** A signal's reason may be any value; rejecting with it unchanged is what `fetch` does. */
function asError(reason: unknown): Error {
  return reason as Error;
}

/** A controller that follows `outer` and can be aborted by itself, too. `release` lets go of `outer`. */
export function linked(outer: AbortSignal | undefined): {
  readonly controller: AbortController;
  readonly release: () => void;
} {
  const controller = new AbortController();
  if (outer === undefined) return { controller, release: () => undefined };
  const follow = (): void => {
    controller.abort(outer.reason);
  };
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  return {
    controller,
    release: () => {
      outer.removeEventListener('abort', follow);
    },
  };
}
