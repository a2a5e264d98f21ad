import type { MessageOutline } from '../outline/outline.js';
import type { LoadedWindow, LoadMore, WindowItem } from './item.js';
import { isTurnStart } from './parts.js';
import { isPinnedIn } from './pins.js';
import { resolveRun, skipParts } from './resolve.js';
import type { Resolved } from './resolve.js';
import type { ReplacementState, SkipState, WindowState } from './state.js';

/**
 * Live messages that leave the window together: from one shown user message up to the next. The
 * first one of a window may lack its user message, which is then the replacement's last.
 */
export interface Block {
  /** Index of its first entry in `LiveView.entries`. */
  readonly start: number;
  readonly fromSeq: number;
  readonly headless: boolean;
  /** Without what is pinned. */
  readonly tokens: number;
  readonly count: number;
}

/** The loaded part of the live window, resolved. */
export interface LiveView {
  /** From a turn's start, or from `liveFrom`, to the end. */
  readonly entries: readonly Resolved[];
  readonly blocks: readonly Block[];
  /** Nothing of the live window is missing. */
  readonly complete: boolean;
  readonly tokens: number;
  readonly count: number;
}

/** Resolves the live messages. `skip` is what a cut tries, or what the state has. */
export function viewLive(state: WindowState, loaded: LoadedWindow, skip: SkipState | null): LiveView {
  const { live } = loaded;
  checkLive(state, live);
  const first = live[0]?.seq ?? state.lastSeq + 1;
  const complete = first <= state.liveFrom;
  const begin = complete ? state.liveFrom - first : firstTurnStart(live);
  const turnSeq = complete && state.replacement?.hasUser === true ? 0 : null;
  const entries = resolveRun(begin === 0 ? live : live.slice(begin), turnSeq);
  const isPinned = (seq: number): boolean => isPinnedIn(state.pins, seq);
  if (skip !== null) skipParts(entries, skip.through, skip.kinds, isPinned);
  const headless = turnSeq === 0;
  if (complete && !headless) hideBeforeFirstUser(entries, isPinned);
  const blocks = blocksOf(entries, headless, isPinned);
  let tokens = 0;
  let count = 0;
  for (const block of blocks) {
    tokens += block.tokens;
    count += block.count;
  }
  return { entries, blocks, complete, tokens, count };
}

/** Where to load from next, when what was loaded does not decide. Twice as far back each time. */
export function more(state: WindowState, loaded: LoadedWindow): LoadMore {
  const first = loaded.live[0]?.seq ?? state.lastSeq + 1;
  const step = Math.max(64, state.lastSeq + 1 - first);
  return { kind: 'more', fromSeq: Math.max(state.liveFrom, first - step) };
}

/**
 * Where to load `LoadedWindow.live` from at the first try: far enough for a window of `tokens` if
 * its messages are of even size. `fitWindow` and `cut` say when it is not.
 */
export function suffixHint(state: WindowState, tokens: number): number {
  const span = state.lastSeq + 1 - state.liveFrom;
  if (span <= 256 || state.liveTokens <= tokens) return state.liveFrom;
  const share = Math.ceil(((span * tokens) / state.liveTokens) * 1.25) + 16;
  return Math.max(state.liveFrom, state.lastSeq + 1 - share);
}

/**
 * The pinned messages before the first entry of `view`: each pin a run of its own.
 *
 * @throws RangeError if one of them is not in `loaded`.
 */
export function viewPinned(state: WindowState, loaded: LoadedWindow, view: LiveView): Resolved[] {
  const before = view.entries[0]?.seq ?? state.lastSeq + 1;
  const entries: Resolved[] = [];
  if ((state.pins[0]?.fromSeq ?? before) >= before) return entries;
  const earlier = loaded.live.slice(0, loaded.live.length - view.entries.length);
  const items = new Map([...loaded.pinned, ...earlier].map((item) => [item.seq, item]));
  for (const pin of state.pins) {
    if (pin.fromSeq >= before) break;
    const run: WindowItem[] = [];
    for (let seq = pin.fromSeq; seq <= pin.toSeq; seq++) {
      const item = items.get(seq);
      if (item === undefined) throw new RangeError(`The pinned message ${seq} was not loaded.`);
      run.push(item);
    }
    entries.push(...resolveRun(run, 0, true));
  }
  return entries;
}

/** The replacement, resolved: its leading system messages, and the rest by turns. */
export interface ReplacementView {
  readonly head: readonly Resolved[];
  readonly turns: readonly ReplacementTurn[];
}

export interface ReplacementTurn {
  readonly entries: readonly Resolved[];
  readonly tokens: number;
}

/** `Resolved.seq` is the index in the replacement plus 1. */
export function viewReplacement(
  replacement: Pick<ReplacementState, 'from'> | null,
  outlines: readonly MessageOutline[],
): ReplacementView {
  if (replacement === null) return { head: [], turns: [] };
  const head: Resolved[] = [];
  const turns: { entries: Resolved[]; tokens: number }[] = [];
  const items = outlines.map((outline, index) => ({ seq: index + 1, outline }));
  for (const entry of resolveRun(items, null)) {
    if (entry.shown.parts === null) continue;
    const last = turns.at(-1);
    if (last === undefined && !entry.starts) {
      head.push(entry);
    } else if (entry.starts || last === undefined) {
      turns.push({ entries: [entry], tokens: entry.shown.tokens });
    } else {
      last.entries.push(entry);
      last.tokens += entry.shown.tokens;
    }
  }
  return { head, turns: turns.filter(({ entries }) => (entries[0]?.seq ?? 0) > replacement.from) };
}

function checkLive(state: WindowState, live: readonly WindowItem[]): void {
  const first = live[0];
  const last = live.at(-1);
  if (first === undefined || last === undefined) return;
  if (last.seq !== state.lastSeq || last.seq - first.seq + 1 !== live.length) {
    throw new RangeError(
      `The loaded messages must run to ${state.lastSeq} without a hole, got ${first.seq} to ${last.seq}.`,
    );
  }
}

function firstTurnStart(live: readonly WindowItem[]): number {
  const index = live.findIndex(({ outline }) => isTurnStart(outline));
  return index === -1 ? live.length : index;
}

/** A first user message that a skip has emptied takes along what answered it. */
function hideBeforeFirstUser(entries: readonly Resolved[], isPinned: (seq: number) => boolean): void {
  for (const entry of entries) {
    if (entry.shown.parts === null) continue;
    if (entry.starts) return;
    if (isPinned(entry.seq)) continue;
    entry.shown = { parts: null, tokens: 0 };
    entry.hidden = 'before_first_user';
  }
}

function blocksOf(
  entries: readonly Resolved[],
  headless: boolean,
  isPinned: (seq: number) => boolean,
): Block[] {
  const blocks: { start: number; fromSeq: number; headless: boolean; tokens: number; count: number }[] = [];
  for (const [start, entry] of entries.entries()) {
    if (entry.shown.parts === null) continue;
    const last = blocks.at(-1);
    const tokens = isPinned(entry.seq) ? 0 : entry.shown.tokens;
    const count = isPinned(entry.seq) ? 0 : 1;
    if (entry.starts || (last === undefined && headless)) {
      blocks.push({ start, fromSeq: entry.seq, headless: !entry.starts, tokens, count });
    } else if (last !== undefined) {
      last.tokens += tokens;
      last.count += count;
    }
  }
  return blocks;
}
