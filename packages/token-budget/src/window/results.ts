import type { LoadMore } from './item.js';
import type { SeqRange, WindowState } from './state.js';

/** `appendToWindow(state, policy, budget, items)`. */
export interface AppendResult {
  readonly state: WindowState;
  /**
   * Calls that were never answered and left the window because a user or system message followed.
   * Not null means that the window did not only grow: a compaction, version +1.
   */
  readonly dropped: SeqRange | null;
  /** A cut is due: load the messages from `suffixHint(state, budget.tokens)` on and call `cut`. */
  readonly needsCut: boolean;
}

/** `cut(state, policy, budget, loaded)`. */
export type CutResult =
  | LoadMore
  /** Nothing to drop; the state is the given one. */
  | { readonly kind: 'unchanged'; readonly state: WindowState }
  /** The window shrank: a compaction, version +1. `dropped`: the messages that it touched. */
  | { readonly kind: 'compacted'; readonly state: WindowState; readonly dropped: SeqRange };

/** `replaceWindow(state, replacement, {upToSeq}, loaded)`. Always a compaction, version +1. */
export type ReplaceResult =
  | LoadMore /** `dropped`: the messages that the replacement stands for; null for none. */
  | { readonly kind: 'replaced'; readonly state: WindowState; readonly dropped: SeqRange | null };

/** `fitWindow(state, budgetTokens, loaded)`. */
export type FitResult = LoadMore | FittedWindow | UnsatisfiableWindow;

export interface FittedWindow {
  readonly kind: 'fits';
  /** In the window's order. */
  readonly messages: readonly FittedMessage[];
  /** At most the budget, always. */
  readonly usedTokens: number;
  readonly segments: readonly Segment[];
}

/** Even what must stay does not fit. `minimumTokens` is the smallest budget that does. */
export interface UnsatisfiableWindow {
  readonly kind: 'unsatisfiable';
  readonly minimumTokens: number;
}

export interface FittedMessage {
  /** Position in the log; null for a message of the replacement. */
  readonly seq: number | null;
  /** Index into `LoadedWindow.replacement`; -1 for a logged message. */
  readonly replacementIndex: number;
  /** Indexes of the parts that stay, ascending; never empty. `'all'`: send the body as it is stored. */
  readonly parts: 'all' | readonly number[];
  /** Tokens of the parts that stay, with the message overhead. */
  readonly tokens: number;
}

/** A run of the window. A summary's range is the messages it stands for. */
export interface Segment {
  readonly type: 'summary' | 'pinned' | 'live';
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly tokens: number;
}

/** Why a message is in the window, or why not. */
export type WindowReason =
  /** In the window as it is: as part of the replacement, pinned, or live. */
  | Segment['type']
  /** In the window without some of its parts. */
  | 'parts_skipped'
  /** Its parts were all skipped. */
  | 'skipped'
  /** A cut of the policy left it out. */
  | 'cut'
  /** The replacement stands for it. */
  | 'replaced'
  /** Out of this read only: the budget has no room. */
  | 'over_budget'
  /** It has, or is in a unit with, a tool call that was never answered. */
  | 'dangling_call'
  /** A tool result whose call is not in the window. */
  | 'orphaned_result'
  /** Nothing in it for a model. */
  | 'empty'
  /** No user message comes before it in the window. */
  | 'before_first_user';

export interface ExplainedMessage {
  /** Null for a message of the replacement. */
  readonly seq: number | null;
  readonly kept: boolean;
  readonly reason: WindowReason;
  /** Tokens of what is shown of it; of the whole message if it is not kept. */
  readonly tokens: number;
}

/** `explainWindow(state, budgetTokens, loaded)`. */
export type ExplainResult =
  | LoadMore
  | UnsatisfiableWindow
  | { readonly kind: 'explained'; readonly messages: readonly ExplainedMessage[] };
