/**
 * The window of one conversation as replicas keep it: where it starts and what it weighs, not which
 * messages it lists. Its size does not depend on how many messages are live; the lists in it are
 * bounded by `maximumPins`, `maximumOpenCalls` and the policy's kinds. A plain value: two replicas
 * that folded the same commands have equal states, and equal bytes of `encodeWindowState`.
 */
export interface WindowState {
  /** The newest message that was appended; 0 for none. */
  readonly lastSeq: number;
  /** Messages before this one are not in the window, unless pinned. It falls on a turn's start. */
  readonly liveFrom: number;
  /** Tokens and number of the live messages: from `liveFrom` on, shown, not pinned. */
  readonly liveTokens: number;
  readonly liveCount: number;
  /** Sum over `pins`. */
  readonly pinnedTokens: number;
  /** Pinned messages and units, ascending, whether before `liveFrom` or after. */
  readonly pins: readonly Pin[];
  /** What `replaceWindow` put in the place of the messages before. */
  readonly replacement: ReplacementState | null;
  /** Parts of these kinds are gone from messages up to and with `through`. */
  readonly skip: SkipState | null;
  /** The turn that is still being written. */
  readonly turn: TurnState | null;
}

/** A pinned run of messages: one message, or one unit. */
export interface Pin {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly tokens: number;
  /** Share of `tokens` that goes when its turn is closed: see `TurnState.open`. */
  readonly openTokens: number;
}

export interface ReplacementState {
  /** Messages it was given with. */
  readonly count: number;
  /** Leading system messages: always kept, like pinned ones. */
  readonly headCount: number;
  readonly headTokens: number;
  /** Messages from here on are in the window (after the head); moves only when the budget forces it. */
  readonly from: number;
  /** What may go of the messages after the head: without its last turn, once that is pinned. */
  readonly bodyTokens: number;
  /** Its last user message and what follows it. */
  readonly lastTurnTokens: number;
  /** Something pinned belongs to its last turn, or begins behind it: the turn stays as that does. */
  readonly isPinned: boolean;
  /** Whether a user message is among the kept ones, so that live messages may follow in its turn. */
  readonly hasUser: boolean;
  /** The messages that it stands for. 0 and 0: none. */
  readonly fromSeq: number;
  readonly toSeq: number;
}

export interface SkipState {
  readonly through: number;
  readonly kinds: readonly string[];
}

/** What has been counted for a part of the window: live and pinned apart. */
export interface Tally {
  readonly tokens: number;
  readonly count: number;
  readonly pinnedTokens: number;
}

/** The last turn: the latest user message and all that came after it. */
export interface TurnState {
  /** Its user message; 0 when the replacement's last user message opened it. */
  readonly seq: number;
  readonly tally: Tally;
  /** Tokens of the user message; null once it is pinned, and when `seq` is 0. */
  readonly startTokens: number | null;
  /** Its end, from the first message on that waits for a result; in order, without a hole. */
  readonly groups: readonly MessageGroup[];
  /** First message with a call that would carry its own result and has none; null for none. */
  readonly openFrom: number | null;
  /** What goes of such messages before `groups` when the turn is closed. */
  readonly open: Tally;
}

/**
 * A run of messages at the end of the last turn. With `calls` it is a unit that waits for results,
 * and goes if they never come. Without, it is what came between, or a unit made whole: it joins an
 * earlier unit when a result reaches back over it.
 */
export interface MessageGroup {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Ids of its split calls without a result. */
  readonly calls: readonly string[];
  /** Nothing but reasoning: it belongs to the call that may come next (window rule 4). */
  readonly reasoning: boolean;
  /** Something in it is pinned. */
  readonly pinned: boolean;
  readonly tally: Tally;
  /** Like `TurnState.open`, for these messages. */
  readonly open: Tally;
}

/**
 * Most entries of `WindowState.pins`. A message that asks for pinning beyond it stays live, and a
 * leading system message beyond it is not shown.
 */
export const maximumPins = 512;

/** Most split calls that may wait for their result at once; more are treated as never answered. */
export const maximumOpenCalls = 1_000;

/** A run of messages, both ends included. */
export interface SeqRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** The window of a context with no messages. */
export function emptyWindow(): WindowState {
  return {
    lastSeq: 0,
    liveFrom: 1,
    liveTokens: 0,
    liveCount: 0,
    pinnedTokens: 0,
    pins: [],
    replacement: null,
    skip: null,
    turn: null,
  };
}

/** Tokens of the stored window, before a read fits it into a budget. O(1). */
export function usedTokens(state: WindowState): number {
  return state.liveTokens + state.pinnedTokens + replacementTokens(state);
}

/** `used_tokens > floor(token_budget × trigger_ratio)`, from the stored window. O(1). */
export function needsCompaction(state: WindowState, budget: number, triggerRatio: number): boolean {
  return usedTokens(state) > Math.floor(budget * triggerRatio);
}

/** Tokens of the replacement's messages that are still in the window. */
export function replacementTokens({ replacement }: Pick<WindowState, 'replacement'>): number {
  return replacement === null ? 0 : fixedTokens(replacement) + replacement.bodyTokens;
}

/** Tokens of the replacement's messages that stay whatever the budget. */
export function fixedTokens({ headTokens, lastTurnTokens, isPinned }: ReplacementState): number {
  return headTokens + (isPinned ? lastTurnTokens : 0);
}

/** The replacement whose last turn stays. */
export function withPinnedTurn(replacement: ReplacementState): ReplacementState {
  const { isPinned, hasUser, bodyTokens, lastTurnTokens } = replacement;
  if (isPinned || !hasUser || lastTurnTokens === 0) return replacement;
  return { ...replacement, isPinned: true, bodyTokens: bodyTokens - lastTurnTokens };
}
