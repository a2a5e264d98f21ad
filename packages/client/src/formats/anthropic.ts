import type { MessageShape } from '../message/message.js';
import type { AssistantContent, CallContent, FileContent, UserContent } from './content.js';
import { toEntries } from './exchange.js';
import { base64Of, fileNote } from './read-file.js';
import { isRecord } from './raw.js';
import { outputText } from './output-text.js';

type AnthropicSource =
  | { type: 'base64'; media_type: string; data: string }
  | { type: 'text'; media_type: 'text/plain'; data: string }
  | { type: 'url'; url: string };

export type AnthropicUserBlock =
  | { type: 'tool_result'; tool_use_id: string; content?: string; is_error?: true }
  | { type: 'text'; text: string }
  | { type: 'image'; source: AnthropicSource }
  | { type: 'document'; source: AnthropicSource; title?: string };

export type AnthropicAssistantBlock =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> };

export type AnthropicMessage =
  { role: 'user'; content: AnthropicUserBlock[] } | { role: 'assistant'; content: AnthropicAssistantBlock[] };

/** The part of an Anthropic request that comes from a window. */
export interface AnthropicConversation {
  /** Absent where the window has no system message. */
  system?: string;
  messages: AnthropicMessage[];
}

/** Stands before a window that begins with the assistant, as it may where messages are pinned. */
export const missingBeginning = '[The beginning of the conversation is not shown.]';

/**
 * The messages of a window for Anthropic's Messages API.
 *
 * ```ts
 * const { messages } = await ctx.context();
 * await anthropic.messages.create({ model, max_tokens, ...toAnthropicMessages(messages) });
 * ```
 *
 * Roles alternate, beginning with the user; the results of tools stand first in the message after
 * their calls; signed thinking goes back as it came, other reasoning is left out; system messages,
 * wherever they stand, become `system`. Where the last message is the assistant's, the model is asked to
 * continue it, which newer models refuse: append the user's message before.
 */
export function toAnthropicMessages(messages: readonly MessageShape[]): AnthropicConversation {
  const system: string[] = [];
  const out: AnthropicMessage[] = [];
  for (const entry of toEntries(messages)) {
    switch (entry.role) {
      case 'system':
        system.push(
          entry.content.map((part) => (part.kind === 'text' ? part.text : fileNote(part))).join('\n'),
        );
        break;
      case 'user':
        pushUser(out, entry.content.map(userBlock));
        break;
      case 'assistant': {
        if (out.length === 0) pushUser(out, [{ type: 'text', text: missingBeginning }]);
        pushAssistant(out, entry.content.map(assistantBlock));
        const calls = entry.content.filter((block): block is CallContent => block.kind === 'call');
        if (calls.length > 0) pushUser(out, calls.map(resultBlock));
        break;
      }
    }
  }
  return { ...(system.length === 0 ? {} : { system: system.join('\n\n') }), messages: out };
}

function pushUser(messages: AnthropicMessage[], content: AnthropicUserBlock[]): void {
  const last = messages.at(-1);
  if (last?.role === 'user') last.content.push(...content);
  else messages.push({ role: 'user', content });
}

function pushAssistant(messages: AnthropicMessage[], content: AnthropicAssistantBlock[]): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant') last.content.push(...content);
  else messages.push({ role: 'assistant', content });
}

function userBlock(part: UserContent): AnthropicUserBlock {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  const { mediaType, filename } = part;
  const title = filename === null ? {} : { title: filename };
  if (mediaType.startsWith('image/')) return { type: 'image', source: sourceOf(part) };
  if (mediaType === 'application/pdf') return { type: 'document', source: sourceOf(part), ...title };
  const data = mediaType === 'text/plain' ? textOf(part.url) : null;
  if (data === null) return { type: 'text', text: fileNote(part) };
  return {
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data },
    ...title,
  };
}

function sourceOf({ url, mediaType }: FileContent): AnthropicSource {
  const data = base64Of(url);
  return data === null ? { type: 'url', url } : { type: 'base64', media_type: mediaType, data };
}

/** The text of a data URL; null for another URL, and where it says that it is Base64 and is not. */
function textOf(url: string): string | null {
  const base64 = base64Of(url);
  if (base64 === null) return null;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

function assistantBlock(block: AssistantContent): AnthropicAssistantBlock {
  switch (block.kind) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'file':
      return { type: 'text', text: fileNote(block) };
    case 'thinking':
      return { type: 'thinking', thinking: block.text, signature: block.signature };
    case 'redacted':
      return { type: 'redacted_thinking', data: block.data };
    case 'call':
      return { type: 'tool_use', id: plainId(block.id), name: block.name, input: inputOf(block.input) };
  }
}

/** Anthropic takes an object and nothing else. */
function inputOf(input: unknown): Record<string, unknown> {
  if (input === undefined || input === null) return {};
  return isRecord(input) ? { ...input } : { input };
}

function resultBlock({ id, result }: CallContent): AnthropicUserBlock {
  const content = outputText(result?.output);
  return {
    type: 'tool_result',
    tool_use_id: plainId(id),
    ...(/\S/.test(content) ? { content } : {}),
    ...(result?.isError === true ? { is_error: true } : {}),
  };
}

/** Anthropic takes ids of `A-Z a-z 0-9 _ -`; those of other providers have dots and colons. */
function plainId(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_');
}
