import { isCallType, isResultType } from '../outline/classify-part.js';
import type { MessageOutline, PartOutline } from '../outline/outline.js';
import { emptyEdge, observe } from './edge.js';
import type { HiddenReason, Observation } from './edge.js';
import type { WindowItem } from './item.js';
import { nothing, withoutParts } from './parts.js';
import type { Shown } from './parts.js';

/** A message of a run of the log, with what a window shows of it. */
export interface Resolved {
  readonly seq: number;
  readonly outline: MessageOutline;
  shown: Shown;
  hidden: HiddenReason | 'skipped' | null;
  /** It opens a turn, as long as it is shown. */
  readonly starts: boolean;
  /** First message of its unit: itself, unless it is in one with calls. */
  readonly unitFrom: number;
}

/**
 * What a window shows of `items`, an uninterrupted run of the log that begins where no call is
 * open: at a turn's start, a unit's start, or the start of the log.
 *
 * `turnSeq` is the `Edge.turnSeq` before the run. `closed`: what is open at its end stays
 * unanswered, because the turn goes on elsewhere.
 */
export function resolveRun(items: readonly WindowItem[], turnSeq: number | null, closed = false): Resolved[] {
  const edge = emptyEdge(turnSeq);
  const entries: Resolved[] = [];
  for (const { seq, outline } of items) {
    const observed = observe(edge, seq, outline);
    if (observed.closes === 'before') hideUnanswered(entries, observed);
    if (observed.unitFrom !== null) joinUnit(entries, observed.unitFrom);
    entries.push({
      seq,
      outline,
      shown: observed.shown,
      hidden: observed.hidden,
      starts: observed.starts,
      unitFrom: observed.unitFrom ?? seq,
    });
    if (observed.closes === 'after') hideUnanswered(entries, observed);
  }
  if (closed) hideUnanswered(entries, { brokenFrom: edge.unitFrom, openFrom: edge.openFrom });
  return entries;
}

/** Reasoning of its own joins the call that it precedes only once that call is seen. */
function joinUnit(entries: Resolved[], unitFrom: number): void {
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry === undefined || entry.seq < unitFrom || entry.unitFrom === unitFrom) break;
    entries[i] = { ...entry, unitFrom };
  }
}

function hideUnanswered(
  entries: readonly Resolved[],
  { brokenFrom, openFrom }: Pick<Observation, 'brokenFrom' | 'openFrom'>,
): void {
  const from = Math.min(brokenFrom ?? Infinity, openFrom ?? Infinity);
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry === undefined || entry.seq < from) break;
    if (entry.shown.parts === null) continue;
    if (brokenFrom !== null && entry.seq >= brokenFrom) entry.shown = nothing;
    else entry.shown = withoutParts(entry.outline, entry.shown, (part) => part.link === 'open');
    if (entry.shown.parts === null) entry.hidden = 'dangling_call';
  }
}

/** Drops the parts of `kinds` from the entries up to `through` that are not pinned. */
export function skipParts(
  entries: readonly Resolved[],
  through: number,
  kinds: readonly string[],
  isPinned: (seq: number) => boolean,
): void {
  const skipped = skipMatcher(kinds);
  for (const entry of entries) {
    if (entry.seq > through) break;
    if (entry.shown.parts === null || isPinned(entry.seq)) continue;
    entry.shown = withoutParts(entry.outline, entry.shown, skipped);
    if (entry.shown.parts === null) entry.hidden = 'skipped';
  }
}

/**
 * Which parts a list of kinds means. Naming one half of a split call names the other too: a call
 * without its result, or a result without its call, is refused by every provider.
 */
export function skipMatcher(kinds: readonly string[]): (part: PartOutline) => boolean {
  const named = new Set(kinds);
  const pairs = kinds.some((kind) => isCallType(kind) || isResultType(kind));
  return (part) =>
    named.has(part.type) ||
    (part.kind !== 'other' && part.kind !== 'text' && part.kind !== 'step' && named.has(part.kind)) ||
    (pairs && (part.link === 'call' || part.link === 'result'));
}
