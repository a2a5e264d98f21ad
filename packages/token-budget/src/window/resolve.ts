import { isCallType, isResultType } from '../outline/classify-part.js';
import type { MessageOutline, PartOutline } from '../outline/outline.js';
import { closeEdge, emptyEdge, observe, tidyEdge } from './edge.js';
import type { Closing, HiddenReason } from './edge.js';
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
  unitFrom: number;
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
    const { shown, hidden, starts, member, closingBefore, closesAfter } = observe(edge, seq, outline);
    hideUnanswered(entries, closingBefore);
    const unitFrom = member === 'unit' ? (edge.groups.at(-1)?.fromSeq ?? seq) : seq;
    entries.push({ seq, outline, shown, hidden, starts, unitFrom });
    if (unitFrom < seq) joinUnit(entries, unitFrom);
    if (closesAfter) hideUnanswered(entries, closeEdge(edge));
    else tidyEdge(edge);
  }
  if (closed) hideUnanswered(entries, closeEdge(edge));
  return entries;
}

/** A unit reaches back over all that came between a call and its result. */
function joinUnit(entries: readonly Resolved[], unitFrom: number): void {
  for (let i = entries.length - 2; i >= 0; i--) {
    const entry = entries[i];
    if (entry === undefined || entry.seq < unitFrom) break;
    entry.unitFrom = unitFrom;
  }
}

function hideUnanswered(entries: readonly Resolved[], closing: Closing | null): void {
  if (closing === null) return;
  const { broken, openFrom } = closing;
  const from = Math.min(broken[0]?.fromSeq ?? Infinity, openFrom ?? Infinity);
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry === undefined || entry.seq < from) break;
    if (entry.shown.parts === null) continue;
    if (broken.some(({ fromSeq, toSeq }) => entry.seq >= fromSeq && entry.seq <= toSeq)) {
      entry.shown = nothing;
    } else {
      entry.shown = withoutParts(entry.outline, entry.shown, (part) => part.link === 'open');
    }
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
