import type { MessageShape } from '../message/message.js';
import type { AssistantContent, CallContent, UserContent } from './content.js';
import type { RawPart } from './raw.js';
import { readPart } from './read-part.js';

/** An entry of the conversation as providers want it: each assistant entry is one model call. */
export type Entry =
  | { readonly role: 'system'; readonly content: UserContent[] }
  | { readonly role: 'user'; readonly content: UserContent[] }
  | { readonly role: 'assistant'; readonly content: AssistantContent[] };

/**
 * Splits messages into entries and gives every call its result. After it each call in an entry has a
 * result, no result stands alone, and no entry is empty: a call that nobody has answered goes, as it
 * must (OpenAI, Anthropic and the AI SDK refuse it), and so does a result without a call.
 */
export function toEntries(messages: readonly MessageShape[]): Entry[] {
  const entries: Entry[] = [];
  const open = new Map<string, CallContent>();
  for (const { role, parts } of messages) {
    if (role === 'assistant' || role === 'model') readAssistant(parts, role, entries, open);
    else readOther(parts, role, entries, open);
  }
  return entries.map(withoutOpenCalls).filter((entry): entry is Entry => entry !== null);
}

type Parts = MessageShape['parts'];

function readAssistant(parts: Parts, role: string, entries: Entry[], open: Map<string, CallContent>): void {
  let content: AssistantContent[] = [];
  const begin = (): void => {
    content = [];
    entries.push({ role: 'assistant', content });
  };
  begin();
  for (const part of parts) {
    const read = readPart(part as RawPart, role);
    switch (read.kind) {
      case 'nothing':
        break;
      case 'step':
        begin();
        break;
      case 'result':
        answer(open, read.callId, read.result);
        break;
      case 'call':
        // The same id twice in one model call is the same call.
        if (content.some((block) => block.kind === 'call' && block.id === read.id)) break;
        content.push(read);
        if (read.result === null) open.set(read.id, read);
        break;
      default:
        // What follows a result was said by the next model call, also where no `step-start` says so.
        if (content.some((block) => block.kind === 'call' && block.result !== null)) begin();
        content.push(read);
    }
  }
}

function readOther(parts: Parts, role: string, entries: Entry[], open: Map<string, CallContent>): void {
  const content: UserContent[] = [];
  for (const part of parts) {
    const read = readPart(part as RawPart, role);
    if (read.kind === 'result') answer(open, read.callId, read.result);
    else if (read.kind === 'text' || read.kind === 'file') content.push(read);
  }
  const system = role === 'system' || role === 'developer';
  entries.push({ role: system ? 'system' : 'user', content });
}

/** The latest call with this id that has no result: ids such as `call_0` come again in later turns. */
function answer(
  open: Map<string, CallContent>,
  callId: string,
  result: NonNullable<CallContent['result']>,
): void {
  const call = open.get(callId);
  if (call === undefined) return;
  call.result = result;
  open.delete(callId);
}

function withoutOpenCalls(entry: Entry): Entry | null {
  if (entry.role !== 'assistant') return entry.content.length === 0 ? null : entry;
  const content = entry.content.filter((block) => block.kind !== 'call' || block.result !== null);
  // Thinking that led to nothing is no message.
  const says = content.some(({ kind }) => kind !== 'thinking' && kind !== 'redacted');
  return says ? { role: 'assistant', content } : null;
}
