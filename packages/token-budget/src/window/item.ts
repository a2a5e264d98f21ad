import type { MessageOutline } from '../outline/outline.js';

/** A logged message as the window functions see it. */
export interface WindowItem {
  readonly seq: number;
  readonly outline: MessageOutline;
}

/**
 * What a caller loaded of a window. The functions that take it say with `{kind: 'more', fromSeq}`
 * that `live` does not reach back far enough: load from `fromSeq` and call again. They are pure, so
 * a repeated call costs only time.
 */
export interface LoadedWindow {
  /** Every message of the replacement, as given to `replaceWindow`; empty where there is none. */
  readonly replacement: readonly MessageOutline[];
  /** The messages of `pinsToLoad(state)`, ascending. */
  readonly pinned: readonly WindowItem[];
  /** A contiguous run of the log that ends with `state.lastSeq`, ascending. */
  readonly live: readonly WindowItem[];
}

/** `live` was too short: it must begin at `fromSeq` or before. */
export interface LoadMore {
  readonly kind: 'more';
  readonly fromSeq: number;
}

/** Budget and trigger of a context. */
export interface WindowBudget {
  /** Ceiling of the window in tokens: a positive integer. */
  readonly tokens: number;
  /** Share of `tokens` above which a cut is due: 0 < r ≤ 1. */
  readonly triggerRatio: number;
}
