import { outlineMessage } from '../../src/index.js';
import type { LoadedWindow, MessageOutline, WindowItem, WindowState } from '../../src/index.js';
import { pinsToLoad } from '../../src/index.js';

/** A message as a client would send it, with the tokens that the test gives to each part. */
export interface TestMessage {
  readonly role: string;
  readonly parts: readonly TestPart[];
  readonly tokens: readonly number[];
  readonly metadata?: { readonly pinned?: boolean };
}

export type TestPart = Readonly<Record<string, unknown>> & { readonly type: string };

export const overhead = 3;

export function tokensOf(message: TestMessage): number {
  return message.tokens.reduce((sum, tokens) => sum + tokens, overhead);
}

export function outlineOf(message: TestMessage): MessageOutline {
  let end = 10;
  const spans = message.parts.map((part) => {
    const start = end + 1;
    end = start + JSON.stringify(part).length;
    return { start, end };
  });
  return outlineMessage(message, { total: tokensOf(message), parts: message.tokens }, spans);
}

/** A message of `tokens` tokens in all, spread evenly over its parts. */
export function message(role: string, parts: readonly TestPart[], tokens = 10, pinned = false): TestMessage {
  const share = Math.floor((tokens - overhead) / Math.max(1, parts.length));
  const shares = parts.map((_, index) =>
    index === 0 ? tokens - overhead - share * (parts.length - 1) : share,
  );
  return { role, parts, tokens: shares, ...(pinned ? { metadata: { pinned: true } } : {}) };
}

export function text(value: string): TestPart {
  return { type: 'text', text: value };
}

export function user(value: string, tokens = 10): TestMessage {
  return message('user', [text(value)], tokens);
}

export function assistant(value: string, tokens = 10): TestMessage {
  return message('assistant', [text(value)], tokens);
}

export function system(value: string, tokens = 10): TestMessage {
  return message('system', [text(value)], tokens);
}

/** A split call in the Anthropic form. */
export function toolUse(id: string): TestPart {
  return { type: 'tool_use', id, name: 'look', input: {} };
}

export function toolResult(id: string): TestPart {
  return { type: 'tool_result', tool_use_id: id, content: 'seen' };
}

/** An AI SDK part that carries its own result, or waits for it. */
export function wholeCall(id: string, state = 'output-available'): TestPart {
  return { type: 'tool-look', toolCallId: id, state, input: {} };
}

export const reasoning: TestPart = { type: 'reasoning', text: 'thinking', signature: 'c2ln' };
export const file: TestPart = { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' };

export function itemsOf(messages: readonly TestMessage[], fromSeq = 1): WindowItem[] {
  return messages.map((each, index) => ({ seq: fromSeq + index, outline: outlineOf(each) }));
}

/** What a store would load for `live` from `fromSeq` on. */
export function loadFrom(
  log: readonly WindowItem[],
  replacement: readonly MessageOutline[],
  state: WindowState,
  fromSeq: number,
): LoadedWindow {
  return {
    replacement,
    pinned: pinsToLoad(state, fromSeq).flatMap((pin) => log.slice(pin.fromSeq - 1, pin.toSeq)),
    live: log.slice(fromSeq - 1),
  };
}
