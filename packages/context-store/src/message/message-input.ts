import type { JsonObject } from '../context/context-view.js';

/**
 * The JSON text of a message's members as the client sent them, without white space outside of
 * strings. What is stored is these bytes: key order, big numbers, duplicate keys, `__proto__`.
 */
export interface RawMessage {
  /** One JSON text per part, as many as `MessageInput.parts`. */
  readonly parts: readonly string[];
  /** JSON text of `metadata`; absent where the message has none. */
  readonly metadata?: string;
}

/** A message to append, or one of the messages that replace a window. */
export interface MessageInput {
  /** 1 to 64 characters. */
  readonly role: string;
  /** 1 to 1,000 objects, each with a non-empty string `type`. */
  readonly parts: readonly JsonObject[];
  readonly metadata?: JsonObject;
  /** Chosen by the client, 1 to 256 characters. Appending it again is a retry, not a second message. */
  readonly id?: string;
  /** Tokens of the whole message, used verbatim. Absent: the store's estimator counts. */
  readonly tokenCount?: number;
  /** Absent: `parts` and `metadata` go through `JSON.stringify`. */
  readonly source?: RawMessage;
}
