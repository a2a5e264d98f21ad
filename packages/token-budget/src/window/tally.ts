import type { Tally } from './state.js';

export const zero: Tally = { tokens: 0, count: 0, pinnedTokens: 0 };

export function plus(a: Tally, b: Tally): Tally {
  return {
    tokens: a.tokens + b.tokens,
    count: a.count + b.count,
    pinnedTokens: a.pinnedTokens + b.pinnedTokens,
  };
}

export function minus(a: Tally, b: Tally): Tally {
  return {
    tokens: a.tokens - b.tokens,
    count: a.count - b.count,
    pinnedTokens: a.pinnedTokens - b.pinnedTokens,
  };
}

/** The same messages, all of them pinned. */
export function pinned(tally: Tally): Tally {
  return { tokens: 0, count: 0, pinnedTokens: tally.tokens + tally.pinnedTokens };
}
