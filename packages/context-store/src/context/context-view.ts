export type JsonObject = Readonly<Record<string, unknown>>;

export type ContextStatus = 'active' | 'tombstoned';

/** How a window is kept within its budget. `config` is what the client sent, key for key. */
export interface PolicyView {
  readonly strategy: 'last_n' | 'skip_parts' | 'manual';
  readonly config: JsonObject;
}

/** A context as REST answers it: ready for `JSON.stringify`. */
export interface ContextView {
  readonly id: string;
  readonly status: ContextStatus;
  /** Ceiling of the window in tokens. */
  readonly token_budget: number;
  /** Share of the budget at which compaction starts: 0 < r ≤ 1. */
  readonly trigger_ratio: number;
  readonly policy: PolicyView;
  readonly metadata: JsonObject;
  readonly version: number;
  /** 0 while the log is empty. */
  readonly last_seq: number;
  readonly archived_seq: number;
  /** Tokens of the window as it is stored, before a read fits it into the budget. */
  readonly used_tokens: number;
  readonly needs_compaction: boolean;
  /** ISO 8601, UTC, milliseconds. */
  readonly created_at: string;
  readonly updated_at: string;
}
