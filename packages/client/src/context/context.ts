import type {
  AppendAnswer,
  CompactAnswer,
  ContextAnswer,
  TailAnswer,
  WindowAnswer,
} from '@fastpaca/protocol';
import type { Http } from '../http/http.js';
import {
  toBody,
  toStored,
  type Message,
  type MessageInput,
  type MessageShape,
  type StoredMessage,
} from '../message/message.js';
import {
  appendCall,
  toAppended,
  type AppendManyOptions,
  type AppendOptions,
  type Appended,
  type AppendedMany,
  type CallOptions,
} from './append.js';
import { toContextInfo, type ContextInfo, type Metadata } from './context-info.js';
import { deleteContext, type DeleteOptions } from './delete.js';
import { readHistory, type HistoryOptions } from './history.js';
import { contextPath } from './path.js';
import { followStream, type StreamOptions } from '../stream/stream.js';
import type { StreamEvent, StreamNotice } from '../stream/stream-event.js';
import { toWindow, type Window } from './window.js';

export interface WindowOptions extends CallOptions {
  /** Overrides the budget of the context for this one read. */
  readonly budgetTokens?: number | undefined;
  /** The read succeeds only if the context has this version; else `ConflictError`. */
  readonly ifVersion?: number | undefined;
  /** Adds why each message is in the window, or is not. */
  readonly explain?: boolean | undefined;
}

export interface TailOptions extends CallOptions {
  /** At most 1,000. Default 100. */
  readonly limit?: number | undefined;
  /** Messages to skip, counted from the newest. Default 0. */
  readonly offset?: number | undefined;
}

export interface CompactOptions extends CallOptions {
  /** The call succeeds only if the context has this version; else `ConflictError`. */
  readonly ifVersion?: number | undefined;
  /** The replacement stands for the messages up to here; later ones stay live. Default: for all. */
  readonly upToSeq?: number | undefined;
}

/**
 * One conversation. A handle without state: making one costs nothing, and any number of them may be
 * in use for the same context.
 */
export class Context<M extends MessageShape = Message> {
  readonly id: string;
  private readonly http: Http;
  private readonly path: string;

  /** Use `client.context(id)`. */
  constructor(http: Http, id: string) {
    this.http = http;
    this.id = id;
    this.path = contextPath(id);
  }

  /**
   * Appends a message, or several as one atomic batch. It is durable when this resolves. Retried after
   * any transient failure, under one idempotency key, so it is never appended twice.
   *
   * @throws ConflictError where `ifVersion` is not the version of the context
   * @throws NotFoundError where the context was not created; `client.context(id, {})` creates it
   * @throws TombstonedError where it was deleted
   * @throws IdempotencyConflictError where the key or a message id was used for something else
   */
  append(message: MessageInput, options?: AppendOptions): Promise<Appended>;
  append(messages: readonly MessageInput[], options?: AppendManyOptions): Promise<AppendedMany>;
  async append(
    messages: MessageInput | readonly MessageInput[],
    options: AppendOptions = {},
  ): Promise<Appended | AppendedMany> {
    const answer = await this.http.json(appendCall(`${this.path}/messages`, messages, options));
    return toAppended(answer as AppendAnswer);
  }

  /**
   * The window: what to send to the model.
   *
   * @throws BudgetError where even the latest turn does not fit; `minimumTokens` would do
   * @throws ConflictError where `ifVersion` is not the version of the context
   */
  async context(options: WindowOptions = {}): Promise<Window<M>> {
    const { budgetTokens, ifVersion, explain, signal } = options;
    const query = { budget_tokens: budgetTokens, if_version: ifVersion, explain };
    const answer = await this.read(`${this.path}/context`, query, signal);
    return toWindow<M>(answer as WindowAnswer);
  }

  /** The newest messages of the log, oldest first. Empty only past the beginning of history. */
  async getTail(options: TailOptions = {}): Promise<StoredMessage<M>[]> {
    const { limit, offset, signal } = options;
    const answer = (await this.read(`${this.path}/tail`, { limit, offset }, signal)) as TailAnswer;
    return answer.messages.map((message) => toStored<M>(message));
  }

  /** The whole log, oldest first, page by page: `for await (const message of ctx.messages()) …`. */
  messages(options: HistoryOptions = {}): AsyncGenerator<StoredMessage<M>, void, undefined> {
    return readHistory<M>(this.http, `${this.path}/messages`, options);
  }

  /**
   * Replaces the window; the log is untouched. With `upToSeq`, messages after it stay live, so that
   * an append which races a slow summary is not lost.
   *
   * A failure after which nobody knows whether the window was replaced is retried only with
   * `ifVersion`: without it, a second try could take away what was appended in between. The
   * `ConflictError` of such a retry has `outcomeUnknown`, since its own first try may have succeeded.
   */
  async compact(
    replacement: readonly MessageInput[],
    options: CompactOptions = {},
  ): Promise<{ version: number }> {
    const { ifVersion, upToSeq, signal } = options;
    const answer = await this.http.json({
      method: 'POST',
      path: `${this.path}/compact`,
      body: {
        replacement: replacement.map((message) => toBody(message)),
        ...(ifVersion === undefined ? {} : { if_version: ifVersion }),
        ...(upToSeq === undefined ? {} : { up_to_seq: upToSeq }),
      },
      repetition: ifVersion === undefined ? 'once' : 'repeatable',
      signal,
    });
    return { version: (answer as CompactAnswer).version };
  }

  /**
   * What happens to the context, in order and without a hole: messages, compactions, the state of the
   * window. Ends when the context is deleted or `signal` is aborted (then it throws the reason). It
   * makes its connection anew by itself and goes on where it was; nothing comes twice.
   *
   * ```ts
   * for await (const event of ctx.stream({ cursor: saved, signal })) {
   *   if (event.type === 'message') show(event.message);
   *   saved = event.cursor;
   * }
   * ```
   *
   * @throws NotFoundError where there is no such context, or it was erased meanwhile
   * @throws ConnectionError, UnavailableError where the first connection fails after the retries
   */
  stream(
    options: StreamOptions & { readonly includeMessages: false },
  ): AsyncGenerator<StreamNotice, void, undefined>;
  stream(options?: StreamOptions): AsyncGenerator<StreamEvent<M>, void, undefined>;
  stream(options: StreamOptions = {}): AsyncGenerator<StreamEvent<M> | StreamNotice, void, undefined> {
    return followStream<M>(this.http, this.path, options);
  }

  /** Merges into the metadata of the context (JSON merge patch: null removes a key). */
  async patchMetadata(metadata: Metadata, options: CallOptions = {}): Promise<ContextInfo> {
    const answer = await this.http.json({
      method: 'PATCH',
      path: `${this.path}/metadata`,
      body: { metadata },
      repetition: 'repeatable',
      signal: options.signal,
    });
    return toContextInfo(answer as ContextAnswer);
  }

  /** Settings, version and state of the context. */
  async info(options: CallOptions = {}): Promise<ContextInfo> {
    return toContextInfo((await this.read(this.path, {}, options.signal)) as ContextAnswer);
  }

  /** Makes the context read-only; with `erase`, removes it for good. */
  delete(options: DeleteOptions = {}): Promise<void> {
    return deleteContext(this.http, this.id, options);
  }

  private read(
    path: string,
    query: Readonly<Record<string, string | number | boolean | undefined>>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return this.http.json({ method: 'GET', path, query, repetition: 'read', signal });
  }
}
