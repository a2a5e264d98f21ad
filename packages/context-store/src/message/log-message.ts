import type { MessageOutline } from '@fastpaca/token-budget';

import { keptBytes } from '../cache/kept-bytes.js';
import { messageJson } from './message-json.js';
import { openStored } from './stored-message.js';

/** A message in memory, ready to be answered: complete JSON, and where its parts lie in it. */
export interface ReadyMessage {
  readonly outline: MessageOutline;
  readonly json: Uint8Array;
  /** Where the body begins in `json`: the outline's spans count from there. */
  readonly bodyAt: number;
}

/** A message of the log. */
export interface LogMessage extends ReadyMessage {
  readonly seq: number;
}

/** A copy: what it was made of may be a slice of something much larger. */
export function logMessage(seq: number, outline: MessageOutline, body: Uint8Array): LogMessage {
  const json = messageJson(seq, body, keptBytes);
  return { seq, outline, json, bodyAt: json.length - body.length };
}

export function openLogMessage(seq: number, stored: Uint8Array): LogMessage {
  const { outline, body } = openStored(stored);
  return logMessage(seq, outline, body);
}

/** A message of a replacement: it has no place in the log, and says so with `"seq":null`. */
export function openReplacement(stored: Uint8Array): ReadyMessage {
  const { outline, body } = openStored(stored);
  const json = messageJson(null, body, keptBytes);
  return { outline, json, bodyAt: json.length - body.length };
}

/** What a message takes in memory, roughly: objects of V8 are not free. */
export function weightOf(message: ReadyMessage): number {
  return 256 + message.json.length + 160 * message.outline.parts.length;
}
