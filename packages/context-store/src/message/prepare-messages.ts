import { hash } from 'node:crypto';

import {
  EstimatorError,
  maximumMessageTokens,
  outlineMessage,
  shareTokens,
  type MessageOutline,
  type TokenEstimator,
  type TokenShares,
} from '@fastpaca/token-budget';

import { contentHashBytes, type ContentHash } from '../command/command.js';
import { StoreError } from '../store-error.js';
import { bodyText, messageText, type MessageText } from './encode-message.js';
import type { MessageInput } from './message-input.js';
import { bodyOf, storeText } from './stored-message.js';

/** A message as the log takes it: counted once, outlined once, encoded once. */
export interface PreparedMessage {
  readonly stored: Uint8Array;
  readonly outline: MessageOutline;
  /** Over what the client sent: not over the time, nor over tokens that the server counted. */
  contentHash(): ContentHash;
}

/** Texts up to this length together are counted at once: a promise costs more than the count. */
const countedAtOnce = 8_192;

/**
 * At once where there is little to count, else as a promise.
 *
 * @param at Milliseconds since 1970: `inserted_at`.
 * @throws StoreError `invalid_message`; `overloaded` where too much text waits to be counted
 */
export function prepareMessages(
  messages: readonly MessageInput[],
  estimator: TokenEstimator,
  at: number,
): readonly PreparedMessage[] | Promise<readonly PreparedMessage[]> {
  const texts = messages.map(messageText);
  const uncounted = messages.filter(({ tokenCount }) => tokenCount === undefined);
  const prepareAll = (counted: readonly TokenShares[]): readonly PreparedMessage[] =>
    prepareCounted(messages, texts, sharesOf(messages, texts, counted), isoTime(at));
  return isShort(uncounted.length === 0 ? [] : texts)
    ? prepareAll(uncounted.map((message) => estimator.countMessage(message)))
    : countLong(uncounted, estimator).then(prepareAll);
}

function isShort(texts: readonly MessageText[]): boolean {
  let characters = 0;
  for (const { parts } of texts) for (const part of parts) characters += part.length;
  return characters <= countedAtOnce;
}

function prepareCounted(
  messages: readonly MessageInput[],
  texts: readonly MessageText[],
  tokens: readonly TokenShares[],
  insertedAt: string,
): readonly PreparedMessage[] {
  return messages.map((message, index) => {
    const text = texts[index];
    const shares = tokens[index];
    if (text === undefined || shares === undefined) throw new Error('A message was not counted.');
    return prepare(message, text, shares, insertedAt);
  });
}

function prepare(
  message: MessageInput,
  text: MessageText,
  tokens: TokenShares,
  insertedAt: string,
): PreparedMessage {
  const body = bodyText(message, text, tokens.total, insertedAt);
  const outline = outlineMessage(message, tokens, body.spans);
  const stored = storeText(outline, body);
  return {
    stored,
    outline,
    contentHash: () =>
      contentHash([
        bodyOf(stored).subarray(0, body.contentBytes),
        Buffer.from(`${message.tokenCount ?? ''}`),
      ]),
  };
}

/** One hash of several byte strings; their lengths keep them apart. */
export function contentHash(contents: readonly Uint8Array[]): ContentHash {
  const lengths = Buffer.from(contents.map(({ length }) => length).join(' '));
  return hash('sha256', Buffer.concat([lengths, ...contents]), 'buffer').subarray(0, contentHashBytes);
}

/** The shares of all messages: what was counted, in order, and what the clients say of the others. */
function sharesOf(
  messages: readonly MessageInput[],
  texts: readonly MessageText[],
  counted: readonly TokenShares[],
): readonly TokenShares[] {
  const estimates = counted[Symbol.iterator]();
  return messages.map(({ tokenCount }, index): TokenShares => {
    if (tokenCount !== undefined) {
      return shareTokens(tokenCount, texts[index]?.parts.map(({ length }) => length) ?? []);
    }
    const { value } = estimates.next();
    if (value === undefined) throw new Error('The estimator gave fewer counts than there are messages.');
    return value.total <= maximumMessageTokens ? value : shareTokens(maximumMessageTokens, value.parts);
  });
}

async function countLong(
  messages: readonly MessageInput[],
  estimator: TokenEstimator,
): Promise<readonly TokenShares[]> {
  try {
    return await estimator.countMessagesAsync(messages);
  } catch (cause) {
    if (!(cause instanceof EstimatorError)) throw cause;
    throw new StoreError('overloaded', `Tokens could not be counted: ${cause.message} Nothing was written.`, {
      cause,
    });
  }
}

/** Counting the tokens of megabytes takes seconds where many wait for it: that counts against a call's deadline. */
export const notCountedInTime = (deadlineMs: number): StoreError =>
  new StoreError(
    'unavailable',
    `The tokens were not counted within ${deadlineMs} ms. Nothing was written; retry, or send fewer or smaller messages.`,
  );

let lastSecond = { at: Number.NaN, text: '' };

/** Many messages come in one second, and formatting a date costs as much as hashing a message. */
function isoTime(at: number): string {
  const second = Math.floor(at / 1_000) * 1_000;
  if (second !== lastSecond.at) {
    lastSecond = { at: second, text: new Date(second).toISOString().slice(0, -'000Z'.length) };
  }
  return `${lastSecond.text}${String(at - second).padStart(3, '0')}Z`;
}
