/** A run of the window. A summary's range is the messages it stands for. */
export interface SegmentView {
  readonly type: 'summary' | 'live' | 'pinned';
  readonly from_seq: number;
  readonly to_seq: number;
  readonly tokens: number;
}

/** Why a message is or is not in the window. `seq` is null for a replacement message. */
export interface ExplainView {
  readonly seq: number | null;
  readonly kept: boolean;
  readonly reason: string;
  readonly tokens: number;
}

/** The LLM context as one read answers it. Never over the budget it was read with. */
export interface WindowView {
  readonly version: number;
  /** The budget that the window was fitted into: `budgetTokens`, or the context's own. */
  readonly budget: number;
  /** Complete JSON objects in UTF-8, in order. Do not write to them: they are shared. */
  readonly messages: readonly Uint8Array[];
  readonly usedTokens: number;
  readonly needsCompaction: boolean;
  readonly segments: readonly SegmentView[];
  readonly explain?: readonly ExplainView[];
  /**
   * A strong entity tag, quotes included. Two windows with one tag are equal byte for byte: it has
   * the version, the budget, `needs_compaction`, and which life of an erased id this is.
   */
  readonly etag: string;
}
