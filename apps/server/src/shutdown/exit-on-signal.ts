export const endingSignals = ['SIGTERM', 'SIGINT'] as const;

const leave = () => process.exit(0);

/**
 * Ends the process at a signal that comes as it starts: there is nothing in flight. Left to the system, such
 * a signal would not end with 0, and would be lost on the first process of a container.
 */
export function exitOnSignal(): void {
  for (const signal of endingSignals) process.on(signal, leave);
}

/** From now on somebody else listens. */
export function leaveSignals(): void {
  for (const signal of endingSignals) process.off(signal, leave);
}
