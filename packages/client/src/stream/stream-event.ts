import type { StoredMessage, Message, MessageShape } from '../message/message.js';

interface Positioned {
  /** Version of the context that the event belongs to. */
  readonly version: number;
  /**
   * Keep this, and pass it to `stream({ cursor })` to go on after what you have processed. It lags
   * behind `version` in the middle of a batch, so that the rest of the batch comes again.
   */
  readonly cursor: number;
}

/** The window after a change. */
export interface ContextEvent extends Positioned {
  readonly type: 'context';
  readonly needsCompaction: boolean;
  readonly usedTokens: number;
}

/** The window was cut by its policy, or replaced. */
export interface CompactionEvent extends Positioned {
  readonly type: 'compaction';
  /** The messages that left the window, or that the replacement stands for; null for none. */
  readonly range: { readonly fromSeq: number; readonly toSeq: number } | null;
}

/** The context was deleted. Nothing follows. */
export interface TombstonedEvent extends Positioned {
  readonly type: 'tombstoned';
}

/** What you have is not the history of this context any more: drop it and read again. */
export interface ResetEvent extends Positioned {
  readonly type: 'reset';
}

/** The versions `expected` to `actual - 1` cannot be replayed any more; the stream goes on with `actual`. */
export interface GapEvent extends Positioned {
  readonly type: 'gap';
  readonly expected: number;
  readonly actual: number;
}

/** A message was appended. */
export interface MessageEvent<M extends MessageShape = Message> extends Positioned {
  readonly type: 'message';
  readonly seq: number;
  readonly message: StoredMessage<M>;
}

type WindowEvent = ContextEvent | CompactionEvent | TombstonedEvent | ResetEvent | GapEvent;

/** What `ctx.stream()` gives. */
export type StreamEvent<M extends MessageShape = Message> = MessageEvent<M> | WindowEvent;

/** What `ctx.stream({ includeMessages: false })` gives: that there is a message, not the message. */
export type StreamNotice = Omit<MessageEvent, 'message'> | WindowEvent;
