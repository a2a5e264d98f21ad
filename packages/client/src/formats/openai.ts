import type { MessageShape } from '../message/message.js';
import type { AssistantContent, CallContent, FileContent, UserContent } from './content.js';
import { toEntries, type Entry } from './exchange.js';
import { base64Of, fileNote } from './read-file.js';
import { outputText } from './output-text.js';

export type OpenAIUserPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'input_audio'; input_audio: { data: string; format: 'wav' | 'mp3' } }
  | { type: 'file'; file: { filename: string; file_data: string } };

export interface OpenAIToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** A message of OpenAI's chat completions, and of the many services that speak the same. */
export type OpenAIMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | OpenAIUserPart[] }
  | { role: 'assistant'; content: string | null; tool_calls?: OpenAIToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };

/**
 * The messages of a window for OpenAI's chat completions.
 *
 * ```ts
 * const { messages } = await ctx.context();
 * await openai.chat.completions.create({ model, messages: toOpenAIMessages(messages) });
 * ```
 *
 * Every tool call is followed by its result; a call without one, and a result without a call, is left
 * out. Reasoning is left out, since chat completions do not take it. A file that they take in no form
 * becomes a note with its name and type.
 */
export function toOpenAIMessages(messages: readonly MessageShape[]): OpenAIMessage[] {
  return toEntries(messages).flatMap(toMessages);
}

function toMessages(entry: Entry): OpenAIMessage[] {
  switch (entry.role) {
    case 'system':
      return [{ role: 'system', content: textOf(entry.content) }];
    case 'user':
      return [{ role: 'user', content: userContent(entry.content) }];
    case 'assistant':
      return assistantMessages(entry.content);
  }
}

function userContent(content: readonly UserContent[]): string | OpenAIUserPart[] {
  const [only] = content;
  if (content.length === 1 && only?.kind === 'text') return only.text;
  return content.map((part) => (part.kind === 'text' ? { type: 'text', text: part.text } : fileOf(part)));
}

function fileOf(file: FileContent): OpenAIUserPart {
  const { mediaType, url, filename } = file;
  if (mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url } };
  const data = base64Of(url);
  if (data !== null && mediaType === 'application/pdf') {
    return { type: 'file', file: { filename: filename ?? 'document.pdf', file_data: url } };
  }
  const format = audioFormats.get(mediaType);
  if (data !== null && format !== undefined) return { type: 'input_audio', input_audio: { data, format } };
  return { type: 'text', text: fileNote(file) };
}

const audioFormats = new Map<string, 'wav' | 'mp3'>([
  ['audio/wav', 'wav'],
  ['audio/x-wav', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/mp3', 'mp3'],
]);

function assistantMessages(content: readonly AssistantContent[]): OpenAIMessage[] {
  const calls = content.filter((block): block is CallContent => block.kind === 'call');
  const text = textOf(content);
  if (calls.length === 0) return text === '' ? [] : [{ role: 'assistant', content: text }];
  return [
    { role: 'assistant', content: text === '' ? null : text, tool_calls: calls.map(toToolCall) },
    ...calls.map(({ id, result }): OpenAIMessage => ({
      role: 'tool',
      tool_call_id: shortId(id),
      content: outputText(result?.output),
    })),
  ];
}

function toToolCall({ id, name, input }: CallContent): OpenAIToolCall {
  const json = JSON.stringify(input ?? {});
  return { id: shortId(id), type: 'function', function: { name, arguments: json } };
}

/** Pieces of one text follow each other without a gap: that is how they were cut. */
function textOf(content: readonly AssistantContent[]): string {
  return content
    .map((block) => (block.kind === 'text' ? block.text : block.kind === 'file' ? fileNote(block) : ''))
    .join('');
}

/** OpenAI takes ids of at most 40 characters; those of other providers are longer. */
function shortId(id: string): string {
  if (id.length <= 40) return id;
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return `${id.slice(0, 31)}_${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
