import { maximumOpenCalls, maximumPins, usedTokens } from './state.js';
import type { MessageGroup, Pin, ReplacementState, Tally, TurnState, WindowState } from './state.js';

/**
 * Why a state that came from outside, such as a backup, cannot be that of a log of `lastSeq` messages
 * with `replacements` replacement messages; null where it can. It looks at the state alone: whether the
 * sums are those of the messages only the messages can say.
 *
 * The states that the functions of this package make have no fault.
 */
export function windowFault(state: WindowState, lastSeq: number, replacements: number): string | null {
  if (!isStorable(state)) return 'a number of it is negative or too large';
  if (state.lastSeq !== lastSeq) return `it ends at message ${state.lastSeq}, the log at ${lastSeq}`;
  if (state.liveFrom < 1 || state.liveFrom > lastSeq + 1) return 'it begins outside of the log';
  if ((state.replacement?.count ?? 0) !== replacements)
    return 'it has another number of replacement messages';
  if (!arePins(state.pins, lastSeq)) return 'its pins are not messages of the log in their order';
  if (state.pinnedTokens !== sumOf(state.pins)) return 'its pins have other tokens than it says';
  if (state.replacement !== null && !isReplacement(state.replacement, lastSeq)) {
    return 'its replacement has impossible bounds';
  }
  if (state.skip !== null && state.skip.through > lastSeq)
    return 'it skips parts of messages that are not there';
  if (state.turn !== null && !isTurn(state.turn, lastSeq)) return 'its last turn has impossible bounds';
  return null;
}

/** Whether `encodeWindowState` takes the state: every number of it is a safe integer from 0 on. */
export function isStorable(state: WindowState): boolean {
  const { replacement, skip, turn } = state;
  return (
    areCounts([state.lastSeq, state.liveFrom, state.liveTokens, state.liveCount, state.pinnedTokens]) &&
    Number.isSafeInteger(usedTokens(state)) &&
    state.pins.every((pin) => areCounts([pin.fromSeq, pin.toSeq, pin.tokens, pin.openTokens])) &&
    (replacement === null || isStorableReplacement(replacement)) &&
    (skip === null || areCounts([skip.through])) &&
    (turn === null || isStorableTurn(turn))
  );
}

const areCounts = (numbers: readonly number[]): boolean =>
  numbers.every((each) => Number.isSafeInteger(each) && each >= 0);

const isStorableReplacement = (replacement: ReplacementState): boolean =>
  areCounts([
    replacement.count,
    replacement.headCount,
    replacement.headTokens,
    replacement.from,
    replacement.bodyTokens,
    replacement.lastTurnTokens,
    replacement.fromSeq,
    replacement.toSeq,
  ]);

const isStorableTurn = (turn: TurnState): boolean =>
  areCounts([turn.seq, turn.startTokens ?? 0, turn.openFrom ?? 0]) &&
  isTally(turn.tally) &&
  isTally(turn.open) &&
  turn.groups.every(
    ({ fromSeq, toSeq, tally, open }) => areCounts([fromSeq, toSeq]) && isTally(tally) && isTally(open),
  );

const isTally = ({ tokens, count, pinnedTokens }: Tally): boolean => areCounts([tokens, count, pinnedTokens]);

function arePins(pins: readonly Pin[], lastSeq: number): boolean {
  if (pins.length > maximumPins) return false;
  let end = 0;
  for (const { fromSeq, toSeq, tokens, openTokens } of pins) {
    if (fromSeq <= end || toSeq < fromSeq || openTokens > tokens) return false;
    end = toSeq;
  }
  return end <= lastSeq;
}

const sumOf = (pins: readonly Pin[]): number => pins.reduce((sum, { tokens }) => sum + tokens, 0);

const isReplacement = (
  { count, headCount, from, hasUser, isPinned, fromSeq, toSeq }: ReplacementState,
  lastSeq: number,
): boolean =>
  headCount <= count && from <= count && (hasUser || !isPinned) && fromSeq <= toSeq && toSeq <= lastSeq;

function isTurn({ seq, startTokens, groups, openFrom }: TurnState, lastSeq: number): boolean {
  // A turn that the replacement opened has no user message in the log to pin.
  if (seq === 0 && startTokens !== null) return false;
  if (seq > lastSeq || (openFrom !== null && (openFrom < 1 || openFrom > lastSeq))) return false;
  return areGroups(groups, lastSeq);
}

function areGroups(groups: readonly MessageGroup[], lastSeq: number): boolean {
  let end = 0;
  let calls = 0;
  for (const group of groups) {
    if (group.fromSeq <= end || group.toSeq < group.fromSeq) return false;
    end = group.toSeq;
    calls += group.calls.length;
  }
  // One more for each group: an empty id stands for the calls beyond the limit.
  return end <= lastSeq && calls <= maximumOpenCalls + groups.length;
}
