import type { PartSpan } from '@fastpaca/token-budget';

import { StoreError } from '../store-error.js';
import type { JsonObject } from '../context/context-view.js';
import type { MessageInput } from './message-input.js';

/** The JSON texts that a message is made of. */
export interface MessageText {
  readonly parts: readonly string[];
  readonly metadata: string;
}

export interface BodyText {
  readonly text: string;
  /** Of `text` in UTF-8. */
  readonly bytes: number;
  /** Byte ranges of the parts within it. */
  readonly spans: readonly PartSpan[];
  /** How many of its bytes the client alone decided: all before `token_count`. */
  readonly contentBytes: number;
}

/** @throws StoreError `invalid_message` where a part or the metadata is not JSON. */
export function messageText(message: MessageInput): MessageText {
  if (message.source !== undefined) {
    return { parts: message.source.parts, metadata: message.source.metadata ?? '{}' };
  }
  return {
    parts: message.parts.map((part) => stringify(part)),
    metadata: message.metadata === undefined ? '{}' : stringify(message.metadata),
  };
}

function stringify(value: JsonObject): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new StoreError('invalid_message', 'A message holds only what JSON can say.', { cause });
  }
}

/**
 * The text of a message's body (see stored-message.ts), made once for log, disk and every answer. The parts
 * and the metadata go in as they are, character for character.
 */
export function bodyText(
  message: MessageInput,
  { parts, metadata }: MessageText,
  tokens: number,
  insertedAt: string,
): BodyText {
  const id = message.id === undefined ? '' : `"id":${JSON.stringify(message.id)},`;
  const head = `${id}"role":${JSON.stringify(message.role)},"parts":[`;
  const content = `${head}${parts.join(',')}],"metadata":${metadata},`;
  const text = `${content}"token_count":${tokens},"inserted_at":"${insertedAt}"}`;
  const bytes = Buffer.byteLength(text);
  // As many bytes as characters: all of it is ASCII, and both count alike.
  const bytesOf =
    bytes === text.length
      ? (part: string): number => part.length
      : (part: string): number => Buffer.byteLength(part);
  const spans: PartSpan[] = [];
  let start = bytesOf(head);
  for (const part of parts) {
    const end = start + bytesOf(part);
    spans.push({ start, end });
    start = end + 1;
  }
  return { text, bytes, spans, contentBytes: bytesOf(content) };
}
