import { isResultType } from '../outline/classify-part.js';
import type { MessageOutline } from '../outline/outline.js';
import {
  answersCall,
  asksForPin,
  isEmptyMessage,
  isMisplacedCall,
  isOnlyMisplacedCalls,
  isReasoningOnly,
  isTurnStart,
  nothing,
  reachesModel,
  withoutParts,
} from './parts.js';
import type { Shown } from './parts.js';
import { maximumOpenCalls } from './state.js';
import type { MessageGroup } from './state.js';
import { plus, zero } from './tally.js';

/**
 * What is still undecided at the end of a history: the calls of the last turn that wait for their
 * results. `observe` moves it message by message; it is the one place that knows which messages a
 * window may show (window rules 1, 2, 9 and 18), for appends and for reads alike.
 */
export interface Edge {
  /** Start of the last turn; 0 when a replacement opened it; null before the first user message. */
  turnSeq: number | null;
  /** First message with a call that would carry its own result and has none. */
  openFrom: number | null;
  /** As `TurnState.groups`. The tallies are the caller's; joined groups have their sum. */
  groups: MessageGroup[];
}

export type HiddenReason = 'empty' | 'before_first_user' | 'orphaned_result' | 'dangling_call';

export interface Observation {
  readonly shown: Shown;
  /** Why nothing is shown; null where something is. */
  readonly hidden: HiddenReason | null;
  /** It opens a turn. */
  readonly starts: boolean;
  /** A system message before the first user message: pinned without being asked. */
  readonly leading: boolean;
  /** What would be shown of it once the turn is closed, when that is less. */
  readonly closed: Shown | null;
  /**
   * What it is to the groups at the edge: nothing to do with them, in the last one as a message of
   * its own, or one with it as a unit.
   */
  readonly member: 'no' | 'plain' | 'unit';
  /** The wait for results is over before this message is counted. */
  readonly closingBefore: Closing | null;
  /**
   * The wait is over once this message is counted: `closeEdge` is to be called then. It is a user
   * message with results and more to say; what it leaves unanswered stays so (rule 5).
   */
  readonly closesAfter: boolean;
}

/** The end of a wait: a user or system message has followed. `broken` groups go, `idle` ones stay. */
export interface Closing {
  readonly broken: readonly MessageGroup[];
  readonly idle: readonly MessageGroup[];
  readonly openFrom: number | null;
}

export function emptyEdge(turnSeq: number | null): Edge {
  return { turnSeq, openFrom: null, groups: [] };
}

/** Moves `edge` past the message `seq`. The caller counts it, then calls `tidyEdge`. */
export function observe(edge: Edge, seq: number, outline: MessageOutline): Observation {
  if (isEmptyMessage(outline)) return hiddenObservations.empty;
  if (isOnlyMisplacedCalls(outline)) return hiddenObservations.dangling_call;
  const starts = isTurnStart(outline);
  const closingBefore = starts || outline.role === 'system' ? closeEdge(edge) : null;
  if (starts) edge.turnSeq = seq;
  const leading = edge.turnSeq === null;
  if (leading && outline.role !== 'system') return hiddenObservations.before_first_user;

  const { shown, joins, calls } = matchCalls(edge, outline);
  if (shown.parts === null) return { ...hiddenObservations.orphaned_result, closingBefore };
  const trails = !starts && isReasoningOnly(outline) && !asksForPin(outline);
  const member = enter(edge, seq, trails, joins, calls);
  const closed = withoutOpenCalls(outline, shown);
  if (closed !== null) edge.openFrom ??= seq;
  const closesAfter = saysMoreThanResults(outline);
  return { shown, hidden: null, starts, leading, closed, member, closingBefore, closesAfter };
}

/**
 * Keeps the edge as short as what is open: groups that wait for nothing leave its front, and become
 * one behind an open call, so that there are at most two for every open call. Returns those that left.
 */
export function tidyEdge(edge: Edge): readonly MessageGroup[] {
  const { groups } = edge;
  if (groups.length === 0) return groups;
  for (;;) {
    const last = groups.at(-1);
    const before = groups.at(-2);
    if (last === undefined || before === undefined || last.reasoning) break;
    if (last.calls.length > 0 || before.calls.length > 0) break;
    groups.splice(-2, 2, { ...joined([before, last], last.toSeq, []), reasoning: false });
  }
  let idle = 0;
  for (const group of groups) {
    const mayJoin = group.reasoning && idle === groups.length - 1;
    if (group.calls.length > 0 || mayJoin) break;
    idle++;
  }
  return groups.splice(0, idle);
}

/** Whatever waits for a result will not get one (rule 18). Null when nothing waits. */
export function closeEdge(edge: Edge): Closing | null {
  const { groups, openFrom } = edge;
  if (groups.length === 0 && openFrom === null) return null;
  edge.groups = [];
  edge.openFrom = null;
  return {
    broken: groups.filter((group) => group.calls.length > 0),
    idle: groups.filter((group) => group.calls.length === 0),
    openFrom,
  };
}

function hiddenObservation(hidden: HiddenReason): Observation {
  return {
    shown: nothing,
    hidden,
    starts: false,
    leading: false,
    closed: null,
    member: 'no',
    closingBefore: null,
    closesAfter: false,
  };
}

const hiddenObservations = {
  empty: hiddenObservation('empty'),
  dangling_call: hiddenObservation('dangling_call'),
  before_first_user: hiddenObservation('before_first_user'),
  orphaned_result: hiddenObservation('orphaned_result'),
} as const;

interface Matched {
  readonly shown: Shown;
  /** First group that its results reach back to; null for none. */
  readonly joins: number | null;
  /** Calls that it opens and does not answer itself. */
  readonly calls: readonly string[] | null;
}

/** Pairs the parts with the open calls, in order; a result without its call is not shown (rule 2). */
function matchCalls(edge: Edge, outline: MessageOutline): Matched {
  let calls: string[] | null = null;
  let joins: number | null = null;
  const answered: string[] = [];
  const gone: number[] = [];
  for (let index = 0; index < outline.parts.length; index++) {
    const part = outline.parts[index];
    if (part === undefined) continue;
    if (part.blank) gone.push(index);
    if (isMisplacedCall(outline, part)) {
      gone.push(index);
    } else if (part.link === 'call') {
      calls ??= [];
      openCall(edge, calls, part.callId);
    } else if (part.link === 'result') {
      const group = answerCall(edge, calls, part.callId);
      if (group !== null) {
        answered.push(part.callId);
        if (group !== ownCall) joins = Math.min(joins ?? group, group);
      } else if (isResultType(part.type) || !answered.includes(part.callId)) {
        // A tool message may say its one result in several parts of text; other results come once.
        gone.push(index);
      }
    }
  }
  const all: Shown = { parts: 'all', tokens: outline.tokens };
  if (gone.length === 0) return { shown: all, joins, calls };
  return { shown: withoutParts(outline, all, (_, index) => gone.includes(index)), joins, calls };
}

function openCall(edge: Edge, calls: string[], callId: string): void {
  let open = calls.length;
  for (const group of edge.groups) open += group.calls.length;
  if (open < maximumOpenCalls) calls.push(callId);
  // No result has an empty id: one call too many waits for ever.
  else if (calls.at(-1) !== '') calls.push('');
}

const ownCall = -1;

/** The group whose call is answered, `ownCall` for one of the same message, null for none. */
function answerCall(edge: Edge, calls: string[] | null, callId: string): number | null {
  for (let index = 0; index < edge.groups.length; index++) {
    const group = edge.groups[index];
    const at = group?.calls.indexOf(callId) ?? -1;
    if (group === undefined || at === -1) continue;
    edge.groups[index] = { ...group, calls: group.calls.toSpliced(at, 1) };
    return index;
  }
  const at = calls?.indexOf(callId) ?? -1;
  if (at === -1) return null;
  calls?.splice(at, 1);
  return ownCall;
}

/** Puts a message that is shown into the groups at the edge. */
function enter(
  edge: Edge,
  seq: number,
  reasoning: boolean,
  joins: number | null,
  calls: readonly string[] | null,
): Observation['member'] {
  const { groups } = edge;
  const last = groups.at(-1);
  if (joins !== null || calls !== null) {
    const precedes = last?.reasoning === true ? groups.length - 1 : groups.length;
    const from = Math.min(joins ?? precedes, calls === null ? groups.length : precedes);
    groups.push(joined(groups.splice(from), seq, calls ?? []));
    return 'unit';
  }
  if (last === undefined && !reasoning) return 'no';
  if (last === undefined || last.calls.length > 0 || last.reasoning !== reasoning) {
    groups.push({ ...emptyGroup, fromSeq: seq, toSeq: seq, reasoning });
  } else {
    groups[groups.length - 1] = { ...last, toSeq: seq };
  }
  return 'plain';
}

const emptyGroup: MessageGroup = {
  fromSeq: 0,
  toSeq: 0,
  calls: [],
  reasoning: false,
  pinned: false,
  tally: zero,
  open: zero,
};

/** One unit of `groups` and the message `seq`, which answers or follows them. */
function joined(groups: readonly MessageGroup[], seq: number, calls: readonly string[]): MessageGroup {
  let unit: MessageGroup = { ...emptyGroup, fromSeq: groups[0]?.fromSeq ?? seq, toSeq: seq };
  for (const group of groups) {
    unit = {
      ...unit,
      calls: unit.calls.concat(group.calls),
      pinned: unit.pinned || group.pinned,
      tally: plus(unit.tally, group.tally),
      open: plus(unit.open, group.open),
    };
  }
  return { ...unit, calls: unit.calls.concat(calls) };
}

function withoutOpenCalls(outline: MessageOutline, shown: Shown): Shown | null {
  for (const part of outline.parts) {
    if (part.link !== 'open') continue;
    const closed = withoutParts(outline, shown, ({ link }) => link === 'open');
    return closed === shown ? null : closed;
  }
  return null;
}

/** A user message that answers calls and adds words of its own. */
function saysMoreThanResults(outline: MessageOutline): boolean {
  if (outline.role !== 'user') return false;
  let results = false;
  let more = false;
  for (const part of outline.parts) {
    if (answersCall(part)) results = true;
    else if (reachesModel(part)) more = true;
  }
  return results && more;
}
