import { overhead, tokensOf } from './conversation.js';
import type { TestMessage, TestPart } from './conversation.js';

/**
 * The rules of what a window may show, written as plainly as possible over whole histories of raw
 * messages: no state, no outlines, quadratic. The tests hold the package against it.
 */

export const callTypes = ['tool_call', 'tool_use', 'function_call', 'tool-call'];
export const resultTypes = ['tool_result', 'function_call_output', 'tool-result'];

export function callIdOf(part: TestPart): string {
  const { call_id, tool_call_id, toolCallId, tool_use_id, id } = part;
  return String(call_id ?? tool_call_id ?? toolCallId ?? tool_use_id ?? id);
}

export const isCall = (part: TestPart): boolean => callTypes.includes(part.type);
export const isResult = (part: TestPart): boolean => resultTypes.includes(part.type);
export const isWhole = (part: TestPart): boolean =>
  part.type === 'dynamic-tool' || (part.type.startsWith('tool-') && !isCall(part) && !isResult(part));
export const isOpen = (part: TestPart): boolean =>
  isWhole(part) && !String(part['state']).startsWith('output-');
export const isReasoning = (part: TestPart): boolean => ['reasoning', 'thinking'].includes(part.type);
export const isBlank = (part: TestPart): boolean =>
  part.type === 'text' && String(part['text']).trim() === '' && !('providerMetadata' in part);
export const seen = (part: TestPart): boolean =>
  !isBlank(part) && part.type !== 'step-start' && !/^(source|data)-/.test(part.type);

export function isEmpty(message: TestMessage): boolean {
  if (message.parts.some(seen)) return false;
  return message.parts.some(isBlank) || message.parts.every((part) => part.type === 'step-start');
}

/** Only a model calls tools. */
const isMisplaced = ({ role }: TestMessage, part: TestPart): boolean =>
  (role === 'user' || role === 'system') && (isCall(part) || isOpen(part));

/** The parts of a message that may be shown at all. */
function partsOf(message: TestMessage): number[] {
  const entry = { message, parts: message.parts.map((_, part) => part) } as PlainEntry;
  if (isEmpty(message)) return [];
  removeParts(entry, (part) => isMisplaced(message, part));
  return entry.parts;
}

export function opensTurn(message: TestMessage): boolean {
  return message.role === 'user' && partsOf(message).length > 0 && !message.parts.some(isResult);
}

const asks = (message: TestMessage): boolean => message.metadata?.pinned === true;

/** What is left of a message: the indexes of its parts. None: it is not shown. */
export interface PlainEntry {
  readonly seq: number;
  readonly message: TestMessage;
  parts: number[];
  pinned: boolean;
  /** It was pinned when it came, whatever became of it. */
  pinnedOnce: boolean;
  /** All messages that stand or fall with this one. */
  unit: number[];
}

export function entryTokens(entry: PlainEntry): number {
  if (entry.parts.length === 0) return 0;
  if (entry.parts.length === entry.message.parts.length) return tokensOf(entry.message);
  return entry.parts.reduce((sum, part) => sum + (entry.message.tokens[part] ?? 0), overhead);
}

/** Removes parts, with the reasoning just before a removed call; what has nothing left for a model goes. */
export function removeParts(entry: PlainEntry, goes: (part: TestPart, index: number) => boolean): void {
  const at = (index: number): TestPart => entry.message.parts[index] as TestPart;
  const gone = new Set(entry.parts.filter((index) => goes(at(index), index)));
  if (gone.size === 0) return;
  for (const index of [...gone].filter((each) => isCall(at(each)) || isWhole(at(each)))) {
    for (let before = index - 1; before >= 0; before--) {
      if (!entry.parts.includes(before) || gone.has(before) || !seen(at(before))) continue;
      if (!isReasoning(at(before))) break;
      gone.add(before);
    }
  }
  entry.parts = entry.parts.filter((index) => !gone.has(index));
  if (!entry.parts.some((index) => seen(at(index)))) entry.parts = [];
}

/**
 * What `messages` show, which begin at `fromSeq` where no call is open. `headless`: a user message
 * comes before them.
 */
export function plainEntries(
  messages: readonly TestMessage[],
  fromSeq: number,
  headless: boolean,
): PlainEntry[] {
  const entries = messages.map((message, index): PlainEntry => {
    const seq = fromSeq + index;
    return { seq, message, parts: partsOf(message), pinned: false, pinnedOnce: false, unit: [seq] };
  });
  const firstUser = entries.findIndex(({ message }) => opensTurn(message));
  for (const [index, entry] of entries.entries()) {
    const before = !headless && (firstUser === -1 || index < firstUser);
    if (before && entry.message.role === 'system' && entry.parts.length > 0) entry.pinned = true;
    else if (before) entry.parts = [];
  }
  for (const stretch of stretchesOf(entries)) settleStretch(stretch.entries, stretch.closed);
  pinStarts(entries);
  return entries;
}

/** Messages between which no user or system message ends the wait for results. */
function stretchesOf(entries: readonly PlainEntry[]): { entries: PlainEntry[]; closed: boolean }[] {
  const stretches: { entries: PlainEntry[]; closed: boolean }[] = [{ entries: [], closed: false }];
  for (const entry of entries) {
    const { message } = entry;
    if (entry.parts.length === 0) continue;
    const before = opensTurn(message) || message.role === 'system';
    const last = stretches.at(-1);
    if (last === undefined) break;
    if (before) {
      last.closed = true;
      stretches.push({ entries: [entry], closed: false });
      continue;
    }
    last.entries.push(entry);
    const answers = message.role === 'user' && message.parts.some(isResult);
    if (answers && message.parts.some((part) => seen(part) && !isResult(part))) {
      last.closed = true;
      stretches.push({ entries: [], closed: false });
    }
  }
  return stretches;
}

interface Call {
  readonly id: string;
  readonly from: PlainEntry;
  answeredBy: PlainEntry | null;
}

function settleStretch(entries: PlainEntry[], closed: boolean): void {
  const calls = pairCalls(entries);
  const shown = entries.filter((entry) => entry.parts.length > 0);
  const spans = calls.map(({ from, answeredBy }): [number, number] => [
    reasoningBefore(shown, from),
    shown.indexOf(answeredBy ?? from),
  ]);
  for (const [from, to] of mergeSpans(spans)) {
    const members = shown.slice(from, to + 1);
    for (const member of members) member.unit = members.map(({ seq }) => seq);
    for (const member of members) {
      member.pinned = member.pinnedOnce = members.some(({ message }) => asks(message));
    }
    const unanswered = calls.some((call) => call.answeredBy === null && members.includes(call.from));
    if (!closed || !unanswered) continue;
    for (const member of members) {
      member.parts = [];
      member.pinned = false;
    }
  }
  for (const entry of shown) {
    if (asks(entry.message) && entry.parts.length > 0) entry.pinned = entry.pinnedOnce = true;
    if (closed) removeParts(entry, isOpen);
  }
}

function pairCalls(entries: readonly PlainEntry[]): Call[] {
  const calls: Call[] = [];
  for (const entry of entries) {
    const orphans = new Set<number>();
    for (const [index, part] of entry.message.parts.entries()) {
      if (isBlank(part)) orphans.add(index);
      if (isCall(part) && !isMisplaced(entry.message, part))
        calls.push({ id: callIdOf(part), from: entry, answeredBy: null });
      if (!isResult(part)) continue;
      // Of two open calls with one id, the one of the earlier unit: in the order they were made.
      const call = calls.find((each) => each.id === callIdOf(part) && each.answeredBy === null);
      if (call === undefined) orphans.add(index);
      else call.answeredBy = entry;
    }
    removeParts(entry, (_, index) => orphans.has(index));
  }
  return calls;
}

/** Where a unit begins that `call` opens: reasoning of its own just before belongs to it. */
function reasoningBefore(shown: readonly PlainEntry[], call: PlainEntry): number {
  let index = shown.indexOf(call);
  for (; index > 0; index--) {
    const before = shown[index - 1];
    if (before === undefined || asks(before.message) || opensTurn(before.message)) break;
    const parts = before.message.parts.filter(seen);
    if (parts.length === 0 || !parts.every(isReasoning)) break;
  }
  return index;
}

function mergeSpans(spans: readonly (readonly [number, number])[]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** A pinned message that is not the system's keeps the user message that opened its turn. */
function pinStarts(entries: readonly PlainEntry[]): void {
  let start: PlainEntry | null = null;
  for (const entry of entries) {
    if (opensTurn(entry.message)) start = entry;
    else if (start !== null && entry.pinnedOnce && entry.message.role !== 'system') start.pinned = true;
  }
}
