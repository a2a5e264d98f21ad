import type { MessageOutline } from '../outline/outline.js';
import { countItems } from './append.js';
import type { LoadedWindow } from './item.js';
import type { ReplaceResult } from './results.js';
import { withPinnedTurn } from './state.js';
import type { ReplacementState, TurnState, WindowState } from './state.js';
import { zero } from './tally.js';
import { more, viewLive, viewReplacement } from './view.js';
import type { LiveView } from './view.js';

/** What `replaceWindow` replaces. */
export interface ReplaceOptions {
  /**
   * The replacement stands for the messages up to and with this one; later ones stay live, so that
   * an append that races a slow summariser is not lost. Absent: it stands for all, and the window
   * is the replacement and nothing else.
   */
  readonly upToSeq?: number;
}

/**
 * Puts `replacement` in the place of the messages up to `upToSeq`, of an earlier replacement, and
 * of what is pinned there. Always a compaction.
 *
 * An `upToSeq` inside of a unit leaves the whole unit live, so that no call loses its result. If the
 * replacement has no user message for them to follow, the live messages start at a turn's start.
 * `upToSeq` beyond the log counts as its end. `loaded.live` must reach back to that start;
 * `loaded.replacement` and `loaded.pinned` are not read.
 *
 * The gateway refuses what `checkReplacement` finds fault with; here any replacement is taken, since
 * a committed command always has a result.
 */
export function replaceWindow(
  state: WindowState,
  replacement: readonly MessageOutline[],
  options: ReplaceOptions,
  loaded: LoadedWindow,
): ReplaceResult {
  const upToSeq = Math.min(options.upToSeq ?? state.lastSeq, state.lastSeq);
  const next = replacementState(replacement, upToSeq);
  const dropped = upToSeq === 0 ? null : { fromSeq: 1, toSeq: upToSeq };
  const unfinishedUnit = options.upToSeq === undefined ? null : openUnit(state);
  if (upToSeq >= state.lastSeq && unfinishedUnit === null) {
    return { kind: 'replaced', state: emptied(state, next, state.lastSeq + 1), dropped };
  }
  const bound = Math.max(state.liveFrom, Math.min(upToSeq + 1, unfinishedUnit ?? Infinity));
  const view = viewLive(state, loaded, null);
  const first = view.entries[0]?.seq ?? state.lastSeq + 1;
  if (first > bound && !view.complete) return more(state, loaded);
  const liveFrom = startOfLive(state, view, bound, next?.hasUser === true);
  const pins = state.pins.filter((pin) => pin.fromSeq > upToSeq && pin.toSeq < liveFrom);
  // The user message that one of them answered may be among what is replaced.
  const carrier = pins.length > 0 && next !== null ? withPinnedTurn(next) : next;
  const kept = { ...emptied(state, carrier, liveFrom), pins };
  const live = loaded.live.filter(({ seq }) => seq >= liveFrom);
  const pinnedTokens = kept.pins.reduce((sum, pin) => sum + pin.tokens, 0);
  const counted = countItems({ ...kept, pinnedTokens, lastSeq: liveFrom - 1 }, live);
  const skip = state.skip !== null && state.skip.through >= liveFrom ? state.skip : null;
  const { tokens, count } = viewLive(counted, { ...loaded, live }, skip);
  return { kind: 'replaced', state: { ...counted, skip, liveTokens: tokens, liveCount: count }, dropped };
}

/** First message of the unit that waits for a result, if there is one. */
function openUnit(state: WindowState): number | null {
  return state.turn?.groups.find((group) => group.calls.length > 0)?.fromSeq ?? null;
}

/** The first message that stays live: at or before `bound`, where nothing is torn. */
function startOfLive(state: WindowState, view: LiveView, bound: number, hasUser: boolean): number {
  const first = view.entries[0]?.seq ?? state.lastSeq + 1;
  const index = bound - first;
  if (hasUser) return view.entries[index]?.unitFrom ?? bound;
  for (let i = index; i >= 0; i--) {
    const entry = view.entries[i];
    if (entry?.starts === true) return entry.seq;
  }
  // Before the first user message only system messages are shown, wherever the window begins.
  return bound;
}

function emptied(state: WindowState, replacement: ReplacementState | null, liveFrom: number): WindowState {
  return {
    lastSeq: state.lastSeq,
    liveFrom,
    liveTokens: 0,
    liveCount: 0,
    pinnedTokens: 0,
    pins: [],
    replacement,
    skip: null,
    turn: replacement?.hasUser === true ? replacementTurn : null,
  };
}

/** What follows belongs to the turn that the replacement's last user message opened. */
const replacementTurn: TurnState = {
  seq: 0,
  tally: zero,
  startTokens: null,
  groups: [],
  openFrom: null,
  open: zero,
};

function replacementState(outlines: readonly MessageOutline[], upToSeq: number): ReplacementState | null {
  if (outlines.length === 0) return null;
  const { head, turns } = viewReplacement({ from: 0 }, outlines);
  const first = turns[0]?.entries[0];
  return {
    count: outlines.length,
    headCount: head.length,
    headTokens: head.reduce((sum, entry) => sum + entry.shown.tokens, 0),
    from: first === undefined ? outlines.length : first.seq - 1,
    bodyTokens: turns.reduce((sum, turn) => sum + turn.tokens, 0),
    lastTurnTokens: turns.at(-1)?.tokens ?? 0,
    isPinned: false,
    hasUser: turns.length > 0,
    fromSeq: upToSeq === 0 ? 0 : 1,
    toSeq: upToSeq,
  };
}
