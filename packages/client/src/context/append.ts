import type { AppendAnswer, AppendBody } from '@fastpaca/protocol';
import { toBody, type MessageInput } from '../message/message.js';
import type { Call } from '../http/http.js';
import { randomKey } from '../http/random.js';

export interface CallOptions {
  /** Aborts the call, its retries and their waits. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface AppendManyOptions extends CallOptions {
  /** The append succeeds only if the context has this version; else `ConflictError`. */
  readonly ifVersion?: number | undefined;
  /**
   * The same key with the same messages is appended once. Default: a new one for every call, so that
   * the retries of this call never double. Give your own where another process may repeat the call.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface AppendOptions extends AppendManyOptions {
  /** Tokens of the message, used verbatim. Default: the server counts. */
  readonly tokenCount?: number | undefined;
}

export interface AppendedMessage {
  readonly seq: number;
  readonly tokenEstimate: number;
}

export interface Appended extends AppendedMessage {
  /** The `ifVersion` of the next append. */
  readonly version: number;
  /** True where the messages had been appended before, under the same key or ids. */
  readonly deduped: boolean;
}

export interface AppendedMany {
  readonly version: number;
  /** In the order of the messages. */
  readonly results: readonly AppendedMessage[];
  readonly deduped: boolean;
}

export function appendCall(
  path: string,
  messages: MessageInput | readonly MessageInput[],
  options: AppendOptions,
): Call {
  const { ifVersion, idempotencyKey = randomKey(), tokenCount, signal } = options;
  const body: AppendBody = {
    ...(isMany(messages)
      ? { messages: messages.map((message) => toBody(message)) }
      : { message: toBody(messages, tokenCount ?? messages.tokenCount) }),
    ...(ifVersion === undefined ? {} : { if_version: ifVersion }),
  };
  return {
    method: 'POST',
    path,
    headers: { 'idempotency-key': idempotencyKey },
    body,
    repetition: 'repeatable',
    signal,
  };
}

function isMany(messages: MessageInput | readonly MessageInput[]): messages is readonly MessageInput[] {
  return Array.isArray(messages);
}

export function toAppended(answer: AppendAnswer): Appended | AppendedMany {
  const { version, deduped = false } = answer;
  if (!('results' in answer)) {
    return { seq: answer.seq, version, tokenEstimate: answer.token_estimate, deduped };
  }
  const results = answer.results.map(({ seq, token_estimate }) => ({ seq, tokenEstimate: token_estimate }));
  return { version, results, deduped };
}
