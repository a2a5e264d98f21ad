import { dueCut, isDue, liveCeiling, lowWater, lowWaterCount, triggerTokens } from './ceiling.js';
import type { DueCut } from './ceiling.js';
import type { LoadedWindow, LoadMore, WindowBudget, WindowItem } from './item.js';
import { isTurnStart } from './parts.js';
import type { SkipPartsPolicy, WindowPolicy } from './policy.js';
import type { CutResult } from './results.js';
import { fixedTokens, replacementTokens } from './state.js';
import type { ReplacementState, SeqRange, SkipState, WindowState } from './state.js';
import { more, viewLive, viewReplacement } from './view.js';
import type { LiveView, ReplacementTurn } from './view.js';

/**
 * Makes the window smaller, as `appendToWindow` said is due. Between two cuts a window only grows
 * at its end, so a cut goes well below the trigger (the low-water mark: half of it) and then stays:
 * a window that moved by one message at every append would never hit a provider's prompt cache.
 *
 * A cut falls on a user message that opens a turn. The last turn is never cut: if it alone is over
 * the budget, reads answer `unsatisfiable`. The policy given here decides alone: what an earlier
 * policy skipped comes back for the messages that are still in the window.
 *
 * - `last_n`: whole turns from the oldest on, until at most 3/4 of `limit` messages and half of the
 *   trigger are left, whichever was passed.
 * - `skip_parts`: once the trigger is passed, the kinds of `skipKinds` go from all turns but the
 *   last one and those of the `keepLast` newest messages. If that leaves more than 9/10 of the
 *   trigger, or `limit` is passed, turns go as with `last_n`.
 * - `manual`: nothing.
 *
 * The replacement (a summary) outlives the live messages after it. Its oldest turns go only when it
 * leaves less than a quarter of the trigger to them.
 *
 * `loaded.live` needs to reach back only about as far as what stays; see `LoadMore`. `loaded.pinned`
 * is not read.
 */
export function cut(
  state: WindowState,
  policy: WindowPolicy,
  budget: WindowBudget,
  loaded: LoadedWindow,
): CutResult {
  const due = dueCut(state, policy, budget);
  if (policy.strategy === 'manual' || !isDue(due)) return { kind: 'unchanged', state };
  const trimmed = trimReplacement(state, budget, due, loaded);
  const ceiling = liveCeiling(budget, state.pinnedTokens + replacementTokens({ replacement: trimmed }));
  const skip = skipFor(state, policy, due, loaded);
  if (skip !== null && 'kind' in skip) return skip;
  const view = viewLive(state, loaded, skip);
  const skipped = skip !== null && skip !== state.skip;
  const kept = keptFrom(state, view, {
    ceiling: skipped ? Math.floor((ceiling * 9) / 10) : ceiling,
    lowWater: lowWater(ceiling),
    limit: policy.limit ?? Infinity,
    // Totals that the state knows need no more messages than those that stay.
    known: skip === state.skip ? state : null,
    // A replacement that lost its last user message cannot carry the answers that followed it; one of system messages
    // alone never carried any, and a cut that only skips parts moves nothing there.
    withHeadless: trimmed === null || trimmed.hasUser || trimmed.headCount === trimmed.count,
  });
  if (kept === null) return more(state, loaded);
  const { liveFrom, liveTokens, liveCount } = kept;
  const skipLeft = skip !== null && skip.through >= liveFrom ? skip : null;
  return compacted(state, {
    ...state,
    liveFrom,
    liveTokens,
    liveCount,
    replacement: trimmed,
    skip: skipLeft,
  });
}

interface KeptSuffix {
  readonly liveFrom: number;
  readonly liveTokens: number;
  readonly liveCount: number;
}

interface CutTarget {
  readonly ceiling: number;
  readonly lowWater: number;
  readonly limit: number;
  readonly known: KeptSuffix | null;
  readonly withHeadless: boolean;
}

/** The oldest message to keep and the weight from there on; null if too little is loaded to tell. */
function keptFrom(state: WindowState, view: LiveView, target: CutTarget): KeptSuffix | null {
  const total = target.known?.liveTokens ?? view.tokens;
  const count = target.known?.liveCount ?? view.count;
  const overTokens = total > target.ceiling;
  // Undecided. What is kept must not depend on how much happened to be loaded.
  if (!overTokens && target.known === null && !view.complete) return null;
  if (!overTokens && count <= target.limit && target.withHeadless) {
    return { liveFrom: state.liveFrom, liveTokens: total, liveCount: count };
  }
  const tokens = overTokens ? target.lowWater : Infinity;
  let kept = newest(view, tokens, Infinity, target.withHeadless);
  if (kept.suffix.liveCount > target.limit) {
    kept = newest(view, tokens, lowWaterCount(target.limit), target.withHeadless);
  }
  return kept.all && !view.complete ? null : kept.suffix;
}

/** The newest blocks within both bounds; the last one always. `all`: no loaded block is left out. */
function newest(
  view: LiveView,
  tokens: number,
  count: number,
  withHeadless: boolean,
): { readonly suffix: KeptSuffix; readonly all: boolean } {
  let liveTokens = 0;
  let liveCount = 0;
  let liveFrom = 0;
  for (let i = view.blocks.length - 1; i >= 0; i--) {
    const block = view.blocks[i];
    if (block === undefined) break;
    const fits = liveTokens + block.tokens <= tokens && liveCount + block.count <= count;
    const isLast = i === view.blocks.length - 1;
    if (!isLast && (!fits || (block.headless && !withHeadless))) {
      return { suffix: { liveFrom, liveTokens, liveCount }, all: false };
    }
    liveTokens += block.tokens;
    liveCount += block.count;
    liveFrom = block.fromSeq;
  }
  return { suffix: { liveFrom, liveTokens, liveCount }, all: true };
}

/** What `skip_parts` skips from now on; other policies skip nothing. */
function skipFor(
  state: WindowState,
  policy: Exclude<WindowPolicy, { strategy: 'manual' }>,
  due: DueCut,
  loaded: LoadedWindow,
): SkipState | null | LoadMore {
  if (policy.strategy !== 'skip_parts') return null;
  if (!due.tokens) return state.skip;
  const through = skipThrough(state, policy, loaded.live);
  return through === null ? more(state, loaded) : { through, kinds: policy.skipKinds };
}

/** The last message before the unfinished turn and before the turns of the `keepLast` newest messages. */
function skipThrough(
  state: WindowState,
  policy: SkipPartsPolicy,
  live: readonly WindowItem[],
): number | null {
  const bound = Math.min(state.turn?.seq ?? 0, state.lastSeq + 1 - policy.keepLast);
  if (bound <= state.liveFrom) return state.liveFrom - 1;
  for (let i = live.length - 1; i >= 0; i--) {
    const item = live[i];
    if (item === undefined || item.seq < state.liveFrom) break;
    if (item.seq <= bound && isTurnStart(item.outline)) return item.seq - 1;
  }
  const first = live[0]?.seq ?? state.lastSeq + 1;
  return first <= state.liveFrom ? state.liveFrom - 1 : null;
}

/** Drops the oldest turns of a replacement that leaves too little room, down to half of the trigger. */
function trimReplacement(
  state: WindowState,
  budget: WindowBudget,
  due: DueCut,
  loaded: LoadedWindow,
): ReplacementState | null {
  const { replacement, turn } = state;
  if (replacement === null || replacement.bodyTokens === 0) return replacement;
  const trigger = triggerTokens(budget);
  const fixed = state.pinnedTokens + replacementTokens(state);
  if (!due.replacement && fixed <= budget.tokens - Math.floor(trigger / 4)) return replacement;
  const others = state.pinnedTokens + fixedTokens(replacement);
  const room = Math.min(
    Math.floor(trigger / 2) - others,
    budget.tokens - others - (turn === null ? 0 : turn.tally.tokens),
  );
  const turns = viewReplacement(replacement, loaded.replacement).turns.toReversed();
  const pinned = replacement.isPinned ? turns.shift() : undefined;
  let bodyTokens = 0;
  let from = pinned === undefined ? replacement.count : indexOf(pinned);
  for (const kept of turns) {
    if (bodyTokens + kept.tokens > room) break;
    bodyTokens += kept.tokens;
    from = indexOf(kept);
  }
  return { ...replacement, from, bodyTokens, hasUser: bodyTokens > 0 || replacement.isPinned };
}

/** Where a turn of the replacement begins in it. */
function indexOf({ entries }: ReplacementTurn): number {
  return (entries[0]?.seq ?? 1) - 1;
}

function compacted(before: WindowState, after: WindowState): CutResult {
  const ranges: SeqRange[] = [];
  if (after.liveFrom > before.liveFrom) {
    ranges.push({ fromSeq: before.liveFrom, toSeq: after.liveFrom - 1 });
  }
  if (after.liveTokens !== before.liveTokens && after.skip !== null) {
    ranges.push({ fromSeq: after.liveFrom, toSeq: Math.max(after.liveFrom, after.skip.through) });
  }
  if (after.replacement !== null && after.replacement.from !== before.replacement?.from) {
    ranges.push({ fromSeq: after.replacement.fromSeq, toSeq: after.replacement.toSeq });
  }
  const [first, ...others] = ranges;
  if (first === undefined) return { kind: 'unchanged', state: before };
  const dropped = others.reduce(
    (hull, range) => ({
      fromSeq: Math.min(hull.fromSeq, range.fromSeq),
      toSeq: Math.max(hull.toSeq, range.toSeq),
    }),
    first,
  );
  return { kind: 'compacted', state: after, dropped };
}
