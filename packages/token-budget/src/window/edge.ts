import { isResultType } from '../outline/classify-part.js';
import type { MessageOutline } from '../outline/outline.js';
import {
  answersCall,
  asksForPin,
  isEmptyMessage,
  isReasoningOnly,
  isTurnStart,
  nothing,
  reachesModel,
  withoutParts,
} from './parts.js';
import type { Shown } from './parts.js';
import { maximumOpenCalls } from './state.js';

/**
 * What is still undecided at the end of a history: the calls of the last turn that wait for their
 * results. `observe` moves it message by message; it is the one place that knows which messages a
 * window may show (window rules 1, 2, 9 and 18), for appends and for reads alike.
 */
export interface Edge {
  /** Start of the last turn; 0 when a replacement opened it; null before the first user message. */
  turnSeq: number | null;
  /** Ids of split calls without a result. */
  calls: string[];
  /** First message of the unit that these calls are in; null without calls. */
  unitFrom: number | null;
  /** First message with a call that would carry its own result and has none. */
  openFrom: number | null;
  /** First of the messages of nothing but reasoning that end the history. */
  reasoningFrom: number | null;
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
  /**
   * It ends the wait for results: as it comes (a user or system message), or once its own results
   * are in (a user message with results and more).
   */
  readonly closes: 'before' | 'after' | null;
  /** On closing: first message of the unit whose calls were never answered. It goes, up to here. */
  readonly brokenFrom: number | null;
  /** On closing: from here on, calls without their own result go. */
  readonly openFrom: number | null;
  /** First message of the unit that it is in; null when it stands alone. */
  readonly unitFrom: number | null;
  /** What would be shown of it once the turn is closed, when that is less. */
  readonly closed: Shown | null;
}

export function emptyEdge(turnSeq: number | null): Edge {
  return { turnSeq, calls: [], unitFrom: null, openFrom: null, reasoningFrom: null };
}

/** Moves `edge` past the message `seq`. */
export function observe(edge: Edge, seq: number, outline: MessageOutline): Observation {
  if (isEmptyMessage(outline)) return hide('empty');
  const starts = isTurnStart(outline);
  const closesBefore = starts || outline.role === 'system';
  const brokenFrom = closesBefore ? edge.unitFrom : null;
  const openFrom = closesBefore ? edge.openFrom : null;
  if (closesBefore) closeEdge(edge);
  if (starts) edge.turnSeq = seq;
  const closing = { closes: closesBefore ? ('before' as const) : null, brokenFrom, openFrom };
  const leading = edge.turnSeq === null;
  if (leading && outline.role !== 'system') return hide('before_first_user');

  const { shown, called } = matchCalls(edge, outline);
  if (shown.parts === null) return { ...hide('orphaned_result'), ...closing };
  if (called && edge.unitFrom === null) edge.unitFrom = edge.reasoningFrom ?? seq;
  const unitFrom = edge.unitFrom;
  if (edge.calls.length === 0) edge.unitFrom = null;
  const closed = withoutOpenCalls(outline, shown);
  if (closed !== null) edge.openFrom ??= seq;
  const trails = unitFrom === null && isReasoningOnly(outline) && !asksForPin(outline);
  edge.reasoningFrom = trails ? (edge.reasoningFrom ?? seq) : null;

  if (!saysMoreThanResults(outline)) {
    return { shown, hidden: null, starts, leading, unitFrom, closed, ...closing };
  }
  const broken = edge.unitFrom;
  const open = edge.openFrom;
  closeEdge(edge);
  return {
    shown: broken === null ? shown : nothing,
    hidden: broken === null ? null : 'dangling_call',
    starts,
    leading,
    unitFrom,
    closed,
    closes: 'after',
    brokenFrom: broken,
    openFrom: open,
  };
}

/** Whatever waits for a result will not get one: a user or system message followed (rule 18). */
export function closeEdge(edge: Edge): void {
  if (edge.calls.length > 0) edge.calls = [];
  edge.unitFrom = null;
  edge.openFrom = null;
  edge.reasoningFrom = null;
}

function hide(hidden: HiddenReason): Observation {
  return hiddenObservations[hidden];
}

function hiddenObservation(hidden: HiddenReason): Observation {
  return {
    shown: nothing,
    hidden,
    starts: false,
    leading: false,
    closes: null,
    brokenFrom: null,
    openFrom: null,
    unitFrom: null,
    closed: null,
  };
}

const hiddenObservations: Readonly<Record<HiddenReason, Observation>> = {
  empty: hiddenObservation('empty'),
  before_first_user: hiddenObservation('before_first_user'),
  orphaned_result: hiddenObservation('orphaned_result'),
  dangling_call: hiddenObservation('dangling_call'),
};

/** Pairs the parts with the open calls, in order; a result without its call is not shown (rule 2). */
function matchCalls(edge: Edge, outline: MessageOutline): { shown: Shown; called: boolean } {
  let called = false;
  const answered: string[] = [];
  const gone: number[] = [];
  for (let index = 0; index < outline.parts.length; index++) {
    const part = outline.parts[index];
    if (part === undefined) continue;
    if (part.blank) gone.push(index);
    if (part.link === 'call') {
      called = true;
      openCall(edge, part.callId);
    } else if (part.link === 'result') {
      if (answerCall(edge, part.callId)) answered.push(part.callId);
      // A tool message may say its one result in several parts of text.
      else if (isResultType(part.type) || !answered.includes(part.callId)) gone.push(index);
    }
  }
  const all: Shown = { parts: 'all', tokens: outline.tokens };
  if (gone.length === 0) return { shown: all, called };
  return { shown: withoutParts(outline, all, (_, index) => gone.includes(index)), called };
}

function openCall(edge: Edge, callId: string): void {
  if (edge.calls.length < maximumOpenCalls) edge.calls.push(callId);
  // No result has an empty id: one call too many waits for ever.
  else if (edge.calls.length === maximumOpenCalls) edge.calls.push('');
}

function answerCall(edge: Edge, callId: string): boolean {
  if (edge.calls.length === 0) return false;
  const index = edge.calls.indexOf(callId);
  if (index === -1) return false;
  edge.calls.splice(index, 1);
  return true;
}

function withoutOpenCalls(outline: MessageOutline, shown: Shown): Shown | null {
  if (!outline.parts.some((part) => part.link === 'open')) return null;
  return withoutParts(outline, shown, (part) => part.link === 'open');
}

/** A user message that answers calls and adds words of its own: what it leaves open stays open (rule 5). */
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
