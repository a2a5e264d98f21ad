import type { MessageInput, RawMessage } from '@fastpaca/context-store';
import type { AppendBody, CompactBody, MessageBody } from '@fastpaca/protocol';
import type { ValidBody } from '../http/parameters.js';

/** The messages of an append: the one, or the batch. */
export function appendedMessages({ value, json }: ValidBody<AppendBody>): readonly MessageInput[] {
  if (value.message !== undefined) return [messageInput(value.message, json.messageSource())];
  const sources = json.messageSources('messages');
  return (value.messages ?? []).map((message, i) => messageInput(message, sources[i]));
}

/** The messages that replace a window. */
export function replacementMessages({ value, json }: ValidBody<CompactBody>): readonly MessageInput[] {
  const sources = json.messageSources('replacement');
  return value.replacement.map((message, i) => messageInput(message, sources[i]));
}

function messageInput(message: MessageBody, source: RawMessage | undefined): MessageInput {
  if (source?.parts.length !== message.parts.length) {
    throw new Error('the text of a message does not match its value');
  }
  return {
    role: message.role,
    parts: message.parts,
    source,
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    ...(message.id === undefined ? {} : { id: message.id }),
    ...(message.token_count === undefined ? {} : { tokenCount: message.token_count }),
  };
}
