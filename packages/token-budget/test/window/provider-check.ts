import type { FittedWindow } from '../../src/index.js';
import type { TestMessage, TestPart } from './conversation.js';
import { callIdOf, isBlank, isCall, isEmpty, isOpen, isResult, opensTurn, seen } from './plain-rules.js';
import type { TestStore } from './store.js';

/** A message as a model provider would get it. */
export interface SentMessage {
  readonly seq: number | null;
  readonly role: string;
  readonly pinned: boolean;
  readonly parts: readonly TestPart[];
  /** The message as it was appended. */
  readonly original: TestMessage;
}

export function send(window: FittedWindow, store: TestStore): SentMessage[] {
  return window.messages.map(({ seq, replacementIndex, parts }) => {
    const original = seq === null ? store.replacementMessages[replacementIndex] : store.messages[seq - 1];
    if (original === undefined) throw new Error(`There is no message ${seq ?? replacementIndex}.`);
    const kept = parts === 'all' ? original.parts : parts.map((index) => original.parts[index] as TestPart);
    const pinned = store.state.pins.some((pin) => seq !== null && seq >= pin.fromSeq && seq <= pin.toSeq);
    return { seq, role: original.role, pinned, parts: kept, original };
  });
}

/** What a strict provider would refuse `messages` for; empty: nothing. */
export function refusals(messages: readonly SentMessage[]): string[] {
  return [
    ...messages.filter(isRefusedAsEmpty).map(({ seq }) => `empty message ${seq}`),
    ...messages.flatMap(({ parts }) => parts.filter(isBlank).map(() => 'blank text')),
    ...firstMessage(messages),
    ...unpaired(messages),
  ];
}

function isRefusedAsEmpty({ parts, original }: SentMessage): boolean {
  if (parts.length === 0) return true;
  return parts.length === original.parts.length ? isEmpty(original) : !parts.some(seen);
}

function firstMessage(messages: readonly SentMessage[]): string[] {
  const first = messages.find(({ role }) => role !== 'system');
  return first === undefined || opensTurn(first.original)
    ? []
    : [`first message ${first.seq} is of role ${first.role}`];
}

/** Calls and results that do not belong together, and waiting calls that something follows (rule 18). */
function unpaired(messages: readonly SentMessage[]): string[] {
  const faults: string[] = [];
  let waiting: string[] = [];
  for (const { seq, role, parts } of messages) {
    const says = role === 'user' && parts.some((part) => seen(part) && !isResult(part));
    const answers = parts.some(isResult);
    const ends = (): void => {
      if (waiting.length > 0) faults.push(`message ${seq} follows the open calls ${waiting.join()}`);
      waiting = [];
    };
    if (role === 'system' || (says && !answers)) ends();
    for (const part of parts) {
      if (isCall(part)) waiting.push(callIdOf(part));
      if (isOpen(part)) waiting.push('a whole call');
      if (!isResult(part)) continue;
      const index = waiting.indexOf(callIdOf(part));
      if (index === -1) faults.push(`message ${seq} answers ${callIdOf(part)}, which nothing called`);
      else waiting.splice(index, 1);
    }
    if (says && answers) ends();
  }
  return faults;
}
