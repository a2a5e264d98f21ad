import { dueCut, isDue } from './ceiling.js';
import { emptyEdge, observe } from './edge.js';
import type { Edge, Observation } from './edge.js';
import type { WindowBudget, WindowItem } from './item.js';
import { asksForPin } from './parts.js';
import type { WindowPolicy } from './policy.js';
import type { AppendResult } from './results.js';
import { maximumPins } from './state.js';
import type { Pin, RunState, Tally, TurnState, UnitState, WindowState } from './state.js';
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
  pins: Pin[] | null;
  readonly edge: Edge;
  turn: TurnTally | null;
  /** First message of what left the window. */
  droppedFrom: number | null;
}

interface TurnTally {
  tally: Tally;
  startTokens: number | null;
  unit: UnitState | null;
  open: Tally;
  reasoning: RunState | null;
}

function openDraft(state: WindowState): Draft {
  const { turn } = state;
  return {
    base: state,
    lastSeq: state.lastSeq,
    liveTokens: state.liveTokens,
    liveCount: state.liveCount,
    pinnedTokens: state.pinnedTokens,
    pins: null,
    edge: turn === null ? emptyEdge(null) : edgeOf(turn),
    turn: turn === null ? null : { ...turn },
    droppedFrom: null,
  };
}

function edgeOf(turn: TurnState): Edge {
  return {
    turnSeq: turn.seq,
    calls: [...turn.calls],
    unitFrom: turn.unit?.fromSeq ?? null,
    openFrom: turn.openFrom,
    reasoningFrom: turn.reasoning?.fromSeq ?? null,
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
    replacement: base.replacement,
    skip: base.skip,
    turn:
      turn === null || edge.turnSeq === null
        ? null
        : {
            seq: edge.turnSeq,
            tally: turn.tally,
            startTokens: turn.startTokens,
            calls: edge.calls,
            unit: turn.unit,
            openFrom: edge.openFrom,
            open: turn.open,
            reasoning: turn.reasoning,
          },
  };
}

function step(draft: Draft, { seq, outline }: WindowItem): void {
  if (seq !== draft.lastSeq + 1) {
    throw new RangeError(`Message ${seq} does not follow message ${draft.lastSeq}.`);
  }
  draft.lastSeq = seq;
  const observed = observe(draft.edge, seq, outline);
  if (observed.closes === 'before') settle(draft, observed);
  if (observed.starts) draft.turn = newTurn();
  if (observed.shown.parts !== null) {
    const asked = observed.leading || asksForPin(outline);
    if (observed.unitFrom === null) addAlone(draft, seq, observed, asked, outline.role === 'system');
    else addToUnit(draft, seq, observed, observed.unitFrom, asked);
  }
  if (observed.closes === 'after') settle(draft, observed);
}

function newTurn(): TurnTally {
  return { tally: zero, startTokens: null, unit: null, open: zero, reasoning: null };
}

/** Takes out of the count what closing the turn takes out of the window. */
function settle(draft: Draft, observed: Observation): void {
  const { turn } = draft;
  if (turn === null) return;
  if (observed.brokenFrom !== null) {
    drop(draft, observed.brokenFrom);
    if (turn.unit !== null) {
      if (turn.unit.pinned) ownPins(draft).pop();
      add(draft, minus(zero, turn.unit.tally));
    }
  }
  if (observed.openFrom !== null) {
    drop(draft, observed.openFrom);
    add(draft, minus(zero, turn.open));
    if (turn.open.pinnedTokens > 0) unpinOpenTokens(draft);
  }
  turn.unit = null;
  turn.open = zero;
  turn.reasoning = null;
}

function unpinOpenTokens(draft: Draft): void {
  const pins = ownPins(draft);
  for (let i = pins.length - 1; i >= 0; i--) {
    const pin = pins[i];
    if (pin === undefined || pin.toSeq < (draft.edge.turnSeq ?? 0)) break;
    if (pin.openTokens > 0) pins[i] = { ...pin, tokens: pin.tokens - pin.openTokens, openTokens: 0 };
  }
}

function addAlone(draft: Draft, seq: number, observed: Observation, asked: boolean, system: boolean): void {
  let counted = countOf(observed);
  let open = openCountOf(observed);
  const isPinned = asked && canPin(draft);
  if (isPinned) {
    counted = pinned(counted);
    open = pinned(open);
    // A pinned answer without its question would be the first message that a provider sees.
    if (!observed.starts && !system) pinStart(draft);
    insertPin(draft, {
      fromSeq: seq,
      toSeq: seq,
      tokens: counted.pinnedTokens,
      openTokens: open.pinnedTokens,
    });
  }
  add(draft, counted);
  const { turn } = draft;
  if (turn === null) return;
  if (observed.starts) turn.startTokens = isPinned ? null : counted.tokens;
  if (observed.closed !== null) turn.open = plus(turn.open, open);
  const { reasoningFrom } = draft.edge;
  turn.reasoning =
    reasoningFrom === null
      ? null
      : { fromSeq: reasoningFrom, tally: plus(turn.reasoning?.tally ?? zero, counted) };
}

function addToUnit(draft: Draft, seq: number, observed: Observation, fromSeq: number, asked: boolean): void {
  const { turn } = draft;
  if (turn === null) return;
  let unit = turn.unit ?? { fromSeq, pinned: false, tally: turn.reasoning?.tally ?? zero, open: zero };
  turn.reasoning = null;
  if (asked && !unit.pinned && canPin(draft)) unit = pinUnit(draft, unit, seq);
  let counted = countOf(observed);
  let open = openCountOf(observed);
  if (unit.pinned) {
    counted = pinned(counted);
    open = pinned(open);
    growLastPin(draft, seq, counted.pinnedTokens, open.pinnedTokens);
  }
  add(draft, counted);
  unit = { ...unit, tally: plus(unit.tally, counted), open: plus(unit.open, open) };
  if (draft.edge.unitFrom === null) {
    turn.open = plus(turn.open, unit.open);
    turn.unit = null;
  } else {
    turn.unit = unit;
  }
}

/** What was counted of the unit as live becomes pinned. */
function pinUnit(draft: Draft, unit: UnitState, toSeq: number): UnitState {
  pinStart(draft);
  const tally = pinned(unit.tally);
  const open = pinned(unit.open);
  add(draft, minus(tally, unit.tally));
  insertPin(draft, {
    fromSeq: unit.fromSeq,
    toSeq,
    tokens: tally.pinnedTokens,
    openTokens: open.pinnedTokens,
  });
  return { ...unit, pinned: true, tally, open };
}

function pinStart(draft: Draft): void {
  const { turn } = draft;
  const { turnSeq } = draft.edge;
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

function growLastPin(draft: Draft, toSeq: number, tokens: number, openTokens: number): void {
  const pins = ownPins(draft);
  const last = pins.pop();
  if (last === undefined) return;
  pins.push({
    fromSeq: last.fromSeq,
    toSeq,
    tokens: last.tokens + tokens,
    openTokens: last.openTokens + openTokens,
  });
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

function countOf(observed: Observation): Tally {
  return { tokens: observed.shown.tokens, count: 1, pinnedTokens: 0 };
}

function openCountOf(observed: Observation): Tally {
  const { closed, shown } = observed;
  if (closed === null) return zero;
  return { tokens: shown.tokens - closed.tokens, count: closed.parts === null ? 1 : 0, pinnedTokens: 0 };
}
