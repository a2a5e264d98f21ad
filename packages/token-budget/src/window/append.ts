import { dueCut, isDue } from './ceiling.js';
import type { MessageOutline } from '../outline/outline.js';
import { closeEdge, emptyEdge, observe, tidyEdge } from './edge.js';
import type { Closing, Edge, Observation } from './edge.js';
import type { WindowBudget, WindowItem } from './item.js';
import { asksForPin } from './parts.js';
import type { WindowPolicy } from './policy.js';
import type { AppendResult } from './results.js';
import { maximumPins, withPinnedTurn } from './state.js';
import type { MessageGroup, Pin, ReplacementState, Tally, WindowState } from './state.js';
import { minus, pinned, plus, zero } from './tally.js';

/**
 * Counts appended messages into the window. It reads no older message and does not copy any: its
 * cost is that of `items`, whatever the length of the history.
 *
 * `items` are one append call, numbered from `state.lastSeq + 1` on without a hole. The version of
 * the context moves by one for the call, and by one more if `dropped` is not null or the `cut` that
 * `needsCut` asks for compacts (once for both).
 *
 * ```ts
 * const appended = appendToWindow(state, policy, budget, items);
 * let next = appended.state;
 * if (appended.needsCut) {
 *   for (let from = suffixHint(next, budget.tokens); ; ) {
 *     const result = cut(next, policy, budget, load(from));
 *     if (result.kind === 'more') from = result.fromSeq;
 *     else { next = result.state; break; }
 *   }
 * }
 * ```
 *
 * @throws RangeError if the numbers of `items` do not continue the log.
 */
export function appendToWindow(
  state: WindowState,
  policy: WindowPolicy,
  budget: WindowBudget,
  items: readonly WindowItem[],
): AppendResult {
  const draft = openDraft(state);
  for (const item of items) step(draft, item);
  const next = sealDraft(draft);
  const droppedTo = state.lastSeq;
  return {
    state: next,
    dropped:
      draft.droppedFrom !== null && draft.droppedFrom <= droppedTo
        ? { fromSeq: draft.droppedFrom, toSeq: droppedTo }
        : null,
    needsCut: isDue(dueCut(next, policy, budget)),
  };
}

/** Counts the messages after `state.lastSeq` into the window, and asks for nothing. */
export function countItems(state: WindowState, items: readonly WindowItem[]): WindowState {
  const draft = openDraft(state);
  for (const item of items) step(draft, item);
  return sealDraft(draft);
}

/** The state taken apart, to be moved message by message. */
interface Draft {
  readonly base: WindowState;
  lastSeq: number;
  liveTokens: number;
  liveCount: number;
  pinnedTokens: number;
  /** A copy of the base's, once they change. */
  pins: Pin[] | null;
  replacement: ReplacementState | null;
  readonly edge: Edge;
  turn: TurnTally | null;
  /** First message of what left the window. */
  droppedFrom: number | null;
}

interface TurnTally {
  tally: Tally;
  startTokens: number | null;
  open: Tally;
}

function openDraft(state: WindowState): Draft {
  const { lastSeq, liveTokens, liveCount, pinnedTokens, replacement, turn } = state;
  const edge: Edge =
    turn === null
      ? emptyEdge(null)
      : { turnSeq: turn.seq, openFrom: turn.openFrom, groups: [...turn.groups] };
  return {
    base: state,
    lastSeq,
    liveTokens,
    liveCount,
    pinnedTokens,
    pins: null,
    replacement,
    edge,
    turn: turn === null ? null : { tally: turn.tally, startTokens: turn.startTokens, open: turn.open },
    droppedFrom: null,
  };
}

function sealDraft(draft: Draft): WindowState {
  const { base, edge, turn } = draft;
  return {
    lastSeq: draft.lastSeq,
    liveFrom: base.liveFrom,
    liveTokens: draft.liveTokens,
    liveCount: draft.liveCount,
    pinnedTokens: draft.pinnedTokens,
    pins: draft.pins ?? base.pins,
    replacement: draft.replacement,
    skip: base.skip,
    turn:
      turn === null || edge.turnSeq === null
        ? null
        : {
            seq: edge.turnSeq,
            tally: turn.tally,
            startTokens: turn.startTokens,
            groups: edge.groups,
            openFrom: edge.openFrom,
            open: turn.open,
          },
  };
}

function step(draft: Draft, { seq, outline }: WindowItem): void {
  if (seq !== draft.lastSeq + 1) {
    throw new RangeError(`Message ${seq} does not follow message ${draft.lastSeq}.`);
  }
  draft.lastSeq = seq;
  const observed = observe(draft.edge, seq, outline);
  settle(draft, observed.closingBefore);
  if (observed.starts) draft.turn = { tally: zero, startTokens: null, open: zero };
  if (observed.shown.parts === null) return;
  count(draft, seq, observed, outline);
  if (observed.closesAfter) {
    settle(draft, closeEdge(draft.edge));
    return;
  }
  const settled = tidyEdge(draft.edge);
  if (draft.turn === null) return;
  for (const group of settled) draft.turn.open = plus(draft.turn.open, group.open);
}

/** Takes out of the count what closing the turn takes out of the window. */
function settle(draft: Draft, closing: Closing | null): void {
  const { turn } = draft;
  if (closing === null || turn === null) return;
  for (const group of closing.broken) {
    drop(draft, group.fromSeq);
    if (group.pinned) removePins(draft, group.fromSeq, group.toSeq);
    add(draft, minus(zero, group.tally));
  }
  if (closing.openFrom !== null) {
    drop(draft, closing.openFrom);
    let open = turn.open;
    for (const group of closing.idle) open = plus(open, group.open);
    add(draft, minus(zero, open));
    if (open.pinnedTokens > 0) unpinOpenTokens(draft, closing.openFrom);
  }
  turn.open = zero;
}

function unpinOpenTokens(draft: Draft, openFrom: number): void {
  const pins = ownPins(draft);
  for (let i = pins.length - 1; i >= 0; i--) {
    const pin = pins[i];
    if (pin === undefined || pin.toSeq < openFrom) break;
    if (pin.openTokens > 0) pins[i] = { ...pin, tokens: pin.tokens - pin.openTokens, openTokens: 0 };
  }
}

function count(draft: Draft, seq: number, observed: Observation, outline: MessageOutline): void {
  const asked = observed.leading || asksForPin(outline);
  const { groups } = draft.edge;
  const group = groups.at(-1);
  let counted: Tally = { tokens: observed.shown.tokens, count: 1, pinnedTokens: 0 };
  let open = openCount(observed);
  if (observed.member === 'unit' && group !== undefined) {
    groups[groups.length - 1] = countInUnit(draft, group, counted, open, asked);
    return;
  }
  const isPinned = asked && canPin(draft);
  // Nothing but pins is shown before the first user message.
  if (observed.leading && !isPinned) return;
  if (isPinned) {
    counted = pinned(counted);
    open = pinned(open);
    // A pinned answer without its question would be the first message that a provider sees.
    if (!observed.starts && outline.role !== 'system') pinStart(draft);
    const openTokens = open.pinnedTokens;
    insertPin(draft, { fromSeq: seq, toSeq: seq, tokens: counted.pinnedTokens, openTokens });
  }
  add(draft, counted);
  if (observed.member === 'plain' && group !== undefined) {
    groups[groups.length - 1] = {
      ...group,
      pinned: group.pinned || isPinned,
      tally: plus(group.tally, counted),
      open: plus(group.open, open),
    };
  } else if (draft.turn !== null) {
    if (observed.starts) draft.turn.startTokens = isPinned ? null : counted.tokens;
    if (observed.closed !== null) draft.turn.open = plus(draft.turn.open, open);
  }
}

/** Counts a message into its unit. If any message of a unit is pinned, all of it is. */
function countInUnit(
  draft: Draft,
  group: MessageGroup,
  counted: Tally,
  open: Tally,
  asked: boolean,
): MessageGroup {
  add(draft, counted);
  const unit = { ...group, tally: plus(group.tally, counted), open: plus(group.open, open) };
  if (!unit.pinned && !(asked && canPin(draft))) return unit;
  const { fromSeq, toSeq } = unit;
  const pinnedUnit = { ...unit, pinned: true, tally: pinned(unit.tally), open: pinned(unit.open) };
  add(draft, minus(pinnedUnit.tally, unit.tally));
  pinStart(draft);
  removePins(draft, fromSeq, toSeq);
  const openTokens = pinnedUnit.open.pinnedTokens;
  insertPin(draft, { fromSeq, toSeq, tokens: pinnedUnit.tally.pinnedTokens, openTokens });
  return pinnedUnit;
}

function pinStart(draft: Draft): void {
  const { turn, replacement } = draft;
  const { turnSeq } = draft.edge;
  if (turnSeq === 0 && replacement !== null) draft.replacement = withPinnedTurn(replacement);
  if (turn === null || turnSeq === null || turn.startTokens === null) return;
  const start: Tally = { tokens: turn.startTokens, count: 1, pinnedTokens: 0 };
  turn.startTokens = null;
  add(draft, minus(pinned(start), start));
  insertPin(draft, { fromSeq: turnSeq, toSeq: turnSeq, tokens: start.tokens, openTokens: 0 });
}

/** Room for one pin more, and for that of the turn's start. */
function canPin(draft: Draft): boolean {
  return (draft.pins ?? draft.base.pins).length + 2 <= maximumPins;
}

function insertPin(draft: Draft, pin: Pin): void {
  const pins = ownPins(draft);
  let index = pins.length;
  while (index > 0 && (pins[index - 1]?.fromSeq ?? 0) > pin.fromSeq) index--;
  pins.splice(index, 0, pin);
}

function removePins(draft: Draft, fromSeq: number, toSeq: number): void {
  draft.pins = ownPins(draft).filter((pin) => pin.fromSeq < fromSeq || pin.toSeq > toSeq);
}

function ownPins(draft: Draft): Pin[] {
  draft.pins ??= [...draft.base.pins];
  return draft.pins;
}

function add(draft: Draft, tally: Tally): void {
  draft.liveTokens += tally.tokens;
  draft.liveCount += tally.count;
  draft.pinnedTokens += tally.pinnedTokens;
  if (draft.turn !== null) draft.turn.tally = plus(draft.turn.tally, tally);
}

function drop(draft: Draft, fromSeq: number): void {
  draft.droppedFrom = Math.min(draft.droppedFrom ?? fromSeq, fromSeq);
}

function openCount(observed: Observation): Tally {
  const { closed, shown } = observed;
  if (closed === null) return zero;
  return { tokens: shown.tokens - closed.tokens, count: closed.parts === null ? 1 : 0, pinnedTokens: 0 };
}
