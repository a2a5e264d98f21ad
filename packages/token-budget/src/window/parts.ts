import { isResultType } from '../outline/classify-part.js';
import type { MessageOutline, PartOutline } from '../outline/outline.js';

/** The parts of a message that a window shows: all, some (ascending, never empty), or none of it. */
export type ShownParts = 'all' | readonly number[] | null;

/** A message as shown, with the tokens of what is shown and of the message itself. */
export interface Shown {
  readonly parts: ShownParts;
  readonly tokens: number;
}

export const nothing: Shown = { parts: null, tokens: 0 };

/** Whether a provider would see anything of a part, by the AI SDK's default conversion. */
export function reachesModel(part: PartOutline): boolean {
  return part.kind !== 'step' && part.kind !== 'source' && part.kind !== 'data' && !part.blank;
}

/**
 * A message that no provider takes (window rule 9): nothing but blank text and step marks. Sources
 * and data alone are not empty as long as they are all that the client sent: it may convert them.
 */
export function isEmptyMessage(outline: MessageOutline): boolean {
  let blank = false;
  let content = false;
  for (const part of outline.parts) {
    if (reachesModel(part)) return false;
    if (part.blank) blank = true;
    else if (part.kind !== 'step') content = true;
  }
  return blank || !content;
}

/**
 * The only place where a cut may fall: a user message that answers no call. One that carries tool
 * results (the Anthropic form) belongs to the call before it, whatever else it says.
 */
export function isTurnStart(outline: MessageOutline): boolean {
  if (outline.role !== 'user' || isEmptyMessage(outline)) return false;
  return !outline.parts.some(answersCall) && !isOnlyMisplacedCalls(outline);
}

/**
 * A call that nobody can answer: only a model calls tools, so one in a user's or a system message is
 * never shown. It must not wait for a result either: a turn would begin with what may go.
 */
export function isMisplacedCall({ role }: MessageOutline, { link }: PartOutline): boolean {
  return (role === 'user' || role === 'system') && (link === 'call' || link === 'open');
}

/** Nothing is left of a message without its misplaced calls. */
export function isOnlyMisplacedCalls(outline: MessageOutline): boolean {
  if (!outline.parts.some((part) => isMisplacedCall(outline, part))) return false;
  const all: Shown = { parts: 'all', tokens: 0 };
  return withoutParts(outline, all, (part) => isMisplacedCall(outline, part)).parts === null;
}

/** A tool result, with or without an id that names its call. */
export function answersCall(part: PartOutline): boolean {
  return part.link === 'result' || (part.kind === 'tool' && part.link === 'none' && isResultType(part.type));
}

/** `metadata.pinned` on the message or on one of its parts. */
export function asksForPin(outline: MessageOutline): boolean {
  return outline.pinned || outline.parts.some((part) => part.pinned);
}

/** Whether a message is a reasoning item of its own, as in OpenAI Responses. */
export function isReasoningOnly(outline: MessageOutline): boolean {
  let found = false;
  for (const part of outline.parts) {
    if (part.kind === 'reasoning') found = true;
    else if (reachesModel(part)) return false;
  }
  return found;
}

/**
 * `shown` without the parts that `goes` names, and without the reasoning that directly precedes a
 * tool part among them (rule 4: a reasoning item stays with the item it precedes). What would be
 * left without anything for the model goes as a whole (rule 5).
 */
export function withoutParts(
  outline: MessageOutline,
  shown: Shown,
  goes: (part: PartOutline, index: number) => boolean,
): Shown {
  if (shown.parts === null) return shown;
  const kept: number[] = [];
  let tokens = shown.tokens;
  let dropped = false;
  let reaches = false;
  let reasoningGoes = false;
  for (let index = outline.parts.length - 1; index >= 0; index--) {
    const part = outline.parts[index];
    if (part === undefined || (shown.parts !== 'all' && !shown.parts.includes(index))) continue;
    const withItsCall = reasoningGoes && part.kind === 'reasoning';
    if (withItsCall || goes(part, index)) {
      dropped = true;
      tokens -= part.tokens;
      if (part.kind === 'tool' && part.link !== 'result') reasoningGoes = true;
      continue;
    }
    kept.push(index);
    if (reachesModel(part)) {
      reaches = true;
      reasoningGoes = false;
    }
  }
  if (!dropped) return shown;
  return reaches ? { parts: kept.reverse(), tokens } : nothing;
}
