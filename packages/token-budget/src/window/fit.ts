import type { LoadedWindow } from './item.js';
import { isPinnedIn } from './pins.js';
import type { Resolved } from './resolve.js';
import type { FitResult, FittedMessage, Segment } from './results.js';
import { fixedTokens, usedTokens } from './state.js';
import type { WindowState } from './state.js';
import { more, viewLive, viewPinned, viewReplacement } from './view.js';
import type { LiveView, ReplacementView } from './view.js';

/**
 * The window of one read: at most `budgetTokens` tokens, or the reason why not. The stored window
 * does not move. What a smaller budget has no room for goes in whole turns, oldest first, but:
 *
 * - pinned messages, leading system messages, and the last turn always stay; if they alone are too
 *   many tokens the answer is `unsatisfiable` with the budget that would do;
 * - the replacement (a summary) stays whole as long as it fits beside them, before older live turns;
 *   otherwise it counts as the oldest turns.
 *
 * `loaded.live` needs to reach back only as far as what fits; begin at
 * `suffixHint(state, budgetTokens)`. Pure: the same state and messages give the same window.
 */
export function fitWindow(state: WindowState, budgetTokens: number, loaded: LoadedWindow): FitResult {
  const fitted = fitEntries(state, budgetTokens, loaded);
  if (fitted.kind !== 'fits') return fitted;
  const { entries } = fitted;
  return {
    kind: 'fits',
    messages: entries.map(({ message }) => message),
    usedTokens: entries.reduce((sum, { message }) => sum + message.tokens, 0),
    segments: segmentsOf(state, entries),
  };
}

/** A message of the fitted window, with its place in it. */
export interface FittedEntry {
  readonly type: Segment['type'];
  readonly message: FittedMessage;
}

export type FittedEntries =
  | Exclude<FitResult, { kind: 'fits' }>
  | { readonly kind: 'fits'; readonly entries: readonly FittedEntry[]; readonly view: LiveView };

export function fitEntries(state: WindowState, budgetTokens: number, loaded: LoadedWindow): FittedEntries {
  const replacement = viewReplacement(state.replacement, loaded.replacement);
  const minimumTokens = minimumOf(state, replacement);
  if (minimumTokens > budgetTokens) return { kind: 'unsatisfiable', minimumTokens };
  const view = viewLive(state, loaded, state.skip);
  const choice =
    usedTokens(state) <= budgetTokens
      ? { turns: replacement.turns.length, blocks: view.blocks.length }
      : choose(state, view, replacement, budgetTokens - minimumTokens);
  if (choice.blocks === view.blocks.length && !view.complete) return more(state, loaded);
  return { kind: 'fits', entries: assemble(state, loaded, view, replacement, choice), view };
}

/** How many of the newest blocks and of the replacement's newest turns are in the window. */
interface Choice {
  readonly turns: number;
  readonly blocks: number;
}

/** Tokens of what must stay. */
function minimumOf(state: WindowState, { turns }: ReplacementView): number {
  const { replacement, turn } = state;
  const fixed = state.pinnedTokens + (turn?.tally.tokens ?? 0);
  if (replacement === null) return fixed;
  // If the last turn began in the replacement, its user message must stay with what followed.
  const isLast = (turn === null || turn.seq === 0) && !replacement.isPinned;
  return fixed + fixedTokens(replacement) + (isLast ? (turns.at(-1)?.tokens ?? 0) : 0);
}

/** Spends `room` on what may stay beside the minimum. */
function choose(state: WindowState, view: LiveView, replacement: ReplacementView, room: number): Choice {
  const { blocks } = view;
  const { turns } = replacement;
  const last = blocks.at(-1);
  if (last === undefined || last.headless) {
    const older = countFitting(turns.slice(0, -1), room);
    return { turns: Math.min(turns.length, older.count + 1), blocks: blocks.length };
  }
  const older = blocks.slice(0, -1);
  const body = state.replacement?.bodyTokens ?? 0;
  if (body <= room) {
    return { turns: turns.length, blocks: 1 + countFitting(older, room - body).count };
  }
  // The summary is too big beside the last turn: it is nothing but the oldest messages now.
  if (state.replacement?.isPinned === true) {
    const live = countFitting(older, room);
    const all = live.count === older.length && view.complete;
    const oldest = all ? countFitting(turns.slice(0, -1), live.room).count : 0;
    return { turns: 1 + oldest, blocks: 1 + live.count };
  }
  const headless = older[0]?.headless === true ? older[0] : null;
  const whole = headless === null ? older : older.slice(1);
  const live = countFitting(whole, room);
  if (live.count < whole.length || !view.complete) return { turns: 0, blocks: 1 + live.count };
  const lastTurn = turns.at(-1);
  const joint = (headless?.tokens ?? 0) + (lastTurn?.tokens ?? 0);
  if (lastTurn === undefined || joint > live.room) return { turns: 0, blocks: 1 + live.count };
  const oldest = countFitting(turns.slice(0, -1), live.room - joint);
  return { turns: 1 + oldest.count, blocks: blocks.length };
}

/** How many of the newest of `sized` fit one after the other, and the room that is left. */
function countFitting(
  sized: readonly { readonly tokens: number }[],
  room: number,
): { readonly count: number; readonly room: number } {
  let count = 0;
  let left = room;
  for (let i = sized.length - 1; i >= 0; i--) {
    const tokens = sized[i]?.tokens ?? 0;
    if (tokens > left) break;
    left -= tokens;
    count++;
  }
  return { count, room: left };
}

function assemble(
  state: WindowState,
  loaded: LoadedWindow,
  view: LiveView,
  replacement: ReplacementView,
  choice: Choice,
): FittedEntry[] {
  const entries: FittedEntry[] = [];
  const summary = [
    ...replacement.head,
    ...replacement.turns.slice(replacement.turns.length - choice.turns).flatMap((turn) => turn.entries),
  ];
  for (const entry of summary) append(entries, entry, 'summary');
  for (const entry of viewPinned(state, loaded, view)) append(entries, entry, 'pinned');
  const liveStart =
    view.blocks[view.blocks.length - choice.blocks]?.start ?? (choice.blocks === 0 ? Infinity : 0);
  for (const [index, entry] of view.entries.entries()) {
    if (isPinnedIn(state.pins, entry.seq)) append(entries, entry, 'pinned');
    else if (index >= liveStart) append(entries, entry, 'live');
  }
  return entries;
}

function append(entries: FittedEntry[], { seq, shown }: Resolved, type: Segment['type']): void {
  if (shown.parts === null) return;
  const message =
    type === 'summary'
      ? { seq: null, replacementIndex: seq - 1, parts: shown.parts, tokens: shown.tokens }
      : { seq, replacementIndex: -1, parts: shown.parts, tokens: shown.tokens };
  entries.push({ type, message });
}

/** Runs of one type, in the window's order. */
function segmentsOf(state: WindowState, entries: readonly FittedEntry[]): Segment[] {
  const segments: { type: Segment['type']; fromSeq: number; toSeq: number; tokens: number }[] = [];
  for (const { type, message } of entries) {
    const fromSeq = message.seq ?? state.replacement?.fromSeq ?? 0;
    const toSeq = message.seq ?? state.replacement?.toSeq ?? 0;
    const last = segments.at(-1);
    if (last?.type === type) {
      last.toSeq = toSeq;
      last.tokens += message.tokens;
    } else {
      segments.push({ type, fromSeq, toSeq, tokens: message.tokens });
    }
  }
  return segments;
}
