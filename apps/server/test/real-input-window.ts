import {
  convertToModelMessages,
  isToolUIPart,
  validateUIMessages,
  type ModelMessage,
  type UIMessage,
} from 'ai';
import { convertToLanguageModelPrompt } from 'ai/internal';

/*
 * What a window has to satisfy, stated without the code that makes it: against the messages that were
 * sent, and against the AI SDK. Each function returns the violations it found, in words.
 */

export interface WindowMessage extends UIMessage {
  readonly seq: number;
  readonly token_count: number;
}

export interface WindowAnswer {
  readonly version: number;
  readonly messages: WindowMessage[];
  readonly used_tokens: number;
  readonly needs_compaction: boolean;
  readonly segments: { type: string; from_seq: number; to_seq: number; tokens: number }[];
}

type Part = UIMessage['parts'][number];

const finalStates = new Set(['output-available', 'output-error', 'output-denied']);

/** A call without a result (yet). */
export function isOpenCall(part: Part): boolean {
  return isToolUIPart(part) && !finalStates.has(part.state);
}

export function isPinned(message: UIMessage): boolean {
  const metadata = message.metadata as { pinned?: unknown } | undefined;
  return metadata?.pinned === true;
}

/** Position of the last user message: what follows it is the turn that is still open. */
export function lastUserIndex(messages: readonly UIMessage[]): number {
  return messages.findLastIndex(({ role }) => role === 'user');
}

/** The numbered invariants of a window over `history` (message n of it has seq n + 1). */
export function invariantViolations(
  window: WindowAnswer,
  history: readonly UIMessage[],
  mayLack: (part: Part) => boolean,
): string[] {
  return [
    ...orderViolations(window),
    ...contentViolations(window, history, mayLack),
    ...gapViolations(window, history, mayLack),
    ...turnViolations(window, history),
    ...segmentViolations(window),
  ];
}

function orderViolations({ messages }: WindowAnswer): string[] {
  const found: string[] = [];
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    if (before !== undefined && before.seq >= message.seq)
      found.push(`seq ${String(message.seq)} is out of order`);
    if (message.parts.length === 0) found.push(`seq ${String(message.seq)} is empty`);
  }
  const first = messages.findIndex((message) => message.role !== 'system' && !isPinned(message));
  const [begin, before] = [messages[first], messages[first - 1]];
  // A turn whose user message is pinned and stands right before it is whole.
  const follows = before?.role === 'user' && before.seq + 1 === begin?.seq;
  if (begin !== undefined && begin.role !== 'user' && !follows)
    found.push(`the window begins with ${begin.role}`);
  return found;
}

/** Messages come back as sent; a part may be absent only where it may be, and never changed. */
function contentViolations(
  { messages }: WindowAnswer,
  history: readonly UIMessage[],
  mayLack: (part: Part) => boolean,
): string[] {
  const found: string[] = [];
  const lastUser = lastUserIndex(history);
  for (const message of messages) {
    const sent = history[message.seq - 1];
    if (sent === undefined) {
      found.push(`seq ${String(message.seq)} was never sent`);
      continue;
    }
    if (message.id !== sent.id || message.role !== sent.role)
      found.push(`seq ${String(message.seq)} is another message`);
    if (JSON.stringify(message.metadata ?? {}) !== JSON.stringify(sent.metadata ?? {})) {
      found.push(`seq ${String(message.seq)} has other metadata`);
    }
    const inOpenTurn = message.seq > lastUser;
    found.push(
      ...partViolations(message, sent, (part) => !inOpenTurn && (mayLack(part) || isOpenCall(part))),
    );
    if (!inOpenTurn && message.parts.some(isOpenCall))
      found.push(`seq ${String(message.seq)} has a dangling call`);
  }
  return found;
}

function partViolations(message: WindowMessage, sent: UIMessage, mayLack: (part: Part) => boolean): string[] {
  const left = message.parts.map((part) => JSON.stringify(part));
  const found: string[] = [];
  for (const part of sent.parts) {
    if (left[0] === JSON.stringify(part)) left.shift();
    else if (!mayLack(part)) found.push(`seq ${String(message.seq)} lacks or changed its part ${part.type}`);
  }
  if (left.length > 0)
    found.push(`seq ${String(message.seq)} has a part that was not sent so: ${left[0] ?? ''}`);
  return found;
}

/** After the first live message nothing is missing, except messages of which nothing may be kept. */
function gapViolations(
  { messages }: WindowAnswer,
  history: readonly UIMessage[],
  mayLack: (part: Part) => boolean,
): string[] {
  const kept = new Set(messages.map(({ seq }) => seq));
  const from = messages.find((message) => message.role !== 'system' && !isPinned(message))?.seq;
  if (from === undefined) return [];
  const found: string[] = [];
  for (const [index, sent] of history.entries()) {
    if (index + 1 < from || kept.has(index + 1)) continue;
    const emptied = sent.parts.every((part) => mayLack(part) || isOpenCall(part));
    if (!emptied) found.push(`seq ${String(index + 1)} is missing in the middle`);
  }
  return found;
}

/** Leading system messages and the newest turn are always there. */
function turnViolations({ messages }: WindowAnswer, history: readonly UIMessage[]): string[] {
  const kept = new Set(messages.map(({ seq }) => seq));
  const leading = history.findIndex(({ role }) => role !== 'system');
  const found: string[] = [];
  for (let index = 0; index < history.length; index += 1) {
    const required = index < leading || index >= lastUserIndex(history);
    if (required && !kept.has(index + 1))
      found.push(`seq ${String(index + 1)} must be kept, and is not there`);
  }
  for (const [index, sent] of history.entries()) {
    if (isPinned(sent) && !kept.has(index + 1))
      found.push(`seq ${String(index + 1)} is pinned, and is not there`);
  }
  return found;
}

function segmentViolations({ segments, used_tokens, messages }: WindowAnswer): string[] {
  const sum = segments.reduce((total, { tokens }) => total + tokens, 0);
  const found: string[] = [];
  if (sum !== used_tokens) found.push(`segments add up to ${String(sum)}, not to ${String(used_tokens)}`);
  for (const { seq } of messages) {
    const inside = segments.some(({ from_seq, to_seq }) => from_seq <= seq && seq <= to_seq);
    if (!inside) found.push(`seq ${String(seq)} is in no segment`);
  }
  return found;
}

/**
 * What an application does with a window: validate it, convert it, and build the prompt of a model call,
 * which is where the AI SDK refuses a call without a result. Throws what the AI SDK throws.
 */
export async function passThroughAiSdk(messages: readonly WindowMessage[]): Promise<ModelMessage[]> {
  const uiMessages = await validateUIMessages({
    messages: messages.map(({ id, role, parts, metadata }) => ({ id, role, parts, metadata })),
  });
  const modelMessages = await convertToModelMessages(uiMessages);
  // An open call in the last turn is waiting for its tool, so nobody asks a model at this point yet.
  const open = lastUserIndex(uiMessages);
  const waiting = uiMessages.slice(open + 1).some(({ parts }) => parts.some(isOpenCall));
  const closed = uiMessages.map((message, index) =>
    index > open ? { ...message, parts: message.parts.filter((part) => !isOpenCall(part)) } : message,
  );
  const prompt = waiting ? await convertToModelMessages(closed) : modelMessages;
  await convertToLanguageModelPrompt({
    prompt: { instructions: undefined, messages: prompt },
    supportedUrls: { '*/*': [/.*/] },
    download: undefined,
  });
  return modelMessages;
}
