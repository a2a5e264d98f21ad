import type { JsonObject, PolicyView } from './context-view.js';

/** What `ContextStore.put` sets. An omitted member keeps its value, or its default on create. */
export interface ContextSettings {
  /** Positive integer; 8000 on create. */
  readonly tokenBudget?: number;
  /** 0 < r ≤ 1; 0.7 on create. */
  readonly triggerRatio?: number;
  /** `last_n` with `limit` 200 on create. Takes effect at the next compaction. */
  readonly policy?: PolicyView;
  /** Replaces the metadata as a whole; `{}` on create. */
  readonly metadata?: JsonObject;
  /** `'active'` brings a tombstoned context back. */
  readonly status?: 'active';
}

export const defaultSettings = {
  tokenBudget: 8000,
  triggerRatio: 0.7,
  policy: { strategy: 'last_n', config: { limit: 200 } },
  metadata: {},
} as const;
