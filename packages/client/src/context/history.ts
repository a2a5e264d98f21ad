import type { MessagesAnswer } from '@fastpaca/protocol';
import { InvalidRequestError } from '../errors/errors.js';
import type { Http } from '../http/http.js';
import { toStored, type Message, type MessageShape, type StoredMessage } from '../message/message.js';
import type { CallOptions } from './append.js';

export interface HistoryOptions extends CallOptions {
  /** First message, inclusive. Negative counts from the end: -50 begins with the last 50. Default 1. */
  readonly fromSeq?: number | undefined;
  /** Last message, inclusive. Default: the newest one at the time the iterator gets there. */
  readonly toSeq?: number | undefined;
  /** Messages per request, at most 1,000. Default 200. */
  readonly pageSize?: number | undefined;
}

/** The message log, forward, a page at a time: constant memory, however long the history is. */
export async function* readHistory<M extends MessageShape = Message>(
  http: Http,
  path: string,
  options: HistoryOptions,
): AsyncGenerator<StoredMessage<M>, void, undefined> {
  const { fromSeq, toSeq, signal } = options;
  let limit = options.pageSize ?? 200;
  let cursor: number | null = null;
  for (;;) {
    const start = cursor === null ? { from_seq: fromSeq } : { cursor };
    let page: MessagesAnswer;
    try {
      const query = { ...start, to_seq: toSeq, limit };
      page = (await http.json({ method: 'GET', path, query, repetition: 'read', signal })) as MessagesAnswer;
    } catch (error) {
      // Large messages: ask for fewer of them.
      if (!(error instanceof InvalidRequestError) || error.code !== 'page_too_large' || limit <= 1)
        throw error;
      limit = Math.floor(limit / 2);
      continue;
    }
    for (const message of page.messages) yield toStored<M>(message);
    cursor = page.next_cursor;
    if (cursor === null) return;
  }
}
