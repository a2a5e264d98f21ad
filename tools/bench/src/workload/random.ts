// A run with the same seed sends the same bytes.
export { createRandom as seededRandom } from '@fastpaca/raft-core';

/** One element of a non-empty list. */
export function pick<T>(random: () => number, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new RangeError('pick() needs a non-empty list');
  return chosen;
}
