/** A source of numbers in [0, 1). Passed in everywhere, so that a run can be repeated. */
export type Random = () => number;

/**
 * A small seeded generator (mulberry32): the same seed gives the same numbers on every machine.
 * Good for jitter, not for secrets.
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
