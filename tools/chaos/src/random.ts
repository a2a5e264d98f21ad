import { createRandom, type Random } from '@fastpaca/raft-core';

export type { Random };

/** A generator of its own for each part of a run, so that one part drawing more does not move the others. */
export function forked(seed: number, name: string): Random {
  let mixed = seed >>> 0;
  for (const char of name) mixed = Math.imul(mixed ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return createRandom(mixed);
}

/** A whole number from `from` to `to`, both inclusive. */
export const between = (random: Random, from: number, to: number): number =>
  from + Math.floor(random() * (to - from + 1));

/** One of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new RangeError('pick() needs a list that is not empty');
  return chosen;
}

/** One of several by weight; the weights need not add up to one. */
export function weighted<T>(random: Random, choices: readonly (readonly [weight: number, value: T])[]): T {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, value] of choices) {
    left -= weight;
    if (left < 0) return value;
  }
  return pick(
    random,
    choices.map(([, value]) => value),
  );
}
