import type { MessageInput } from '@fastpaca/fastpaca';
import { UsageError } from '../exit-codes.js';

export interface MessageOptions {
  readonly role: string;
  readonly id?: string;
  readonly tokenCount?: number;
}

/** A message of one text. @throws UsageError where it is empty */
export function textMessage(text: string, { role, id, tokenCount }: MessageOptions): MessageInput {
  if (text === '') throw new UsageError('The text is empty.');
  return { role, parts: [{ type: 'text', text }], id, tokenCount };
}

/**
 * Messages as JSON: one object, an array, or one object a line, as `messages --json` and REST give them.
 * @throws UsageError naming what is not a message
 */
export function jsonMessages(text: string): MessageInput[] {
  const values = parseAll(text);
  if (values.length === 0) throw new UsageError('There is no message.');
  return values.map(messageOf);
}

function parseAll(text: string): unknown[] {
  const whole = tryParse(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const value = tryParse(line);
    if (value === undefined) throw new UsageError(`Line ${index + 1} is not JSON.`);
    return value;
  });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function messageOf(value: unknown, index: number): MessageInput {
  const message = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { role, parts, metadata, id } = message;
  const tokenCount = message['tokenCount'] ?? message['token_count'];
  if (typeof role !== 'string' || !Array.isArray(parts)) {
    throw new UsageError(`Message ${index + 1} has no role, or no list of parts.`);
  }
  return {
    role,
    parts: parts as MessageInput['parts'],
    ...(metadata === undefined ? {} : { metadata }),
    // `seq-N` is how the client names a message without an id.
    ...(typeof id === 'string' && !/^(seq|window)-\d+$/.test(id) ? { id } : {}),
    ...(typeof tokenCount === 'number' ? { tokenCount } : {}),
  };
}
