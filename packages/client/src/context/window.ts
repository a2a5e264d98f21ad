import type { WindowAnswer } from '@fastpaca/protocol';
import { toWindowMessage, type Message, type MessageShape, type WindowMessage } from '../message/message.js';

/** A run of the window, in order. The range of a summary is what it stands for. */
export interface Segment {
  readonly type: 'summary' | 'live' | 'pinned';
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly tokens: number;
}

/** Why a message is in the window, or is not. */
export interface ExplainedMessage {
  /** Null for a replacement message. */
  readonly seq: number | null;
  readonly kept: boolean;
  readonly reason: string;
  readonly tokens: number;
}

/** What the model gets: within the budget, and accepted by model providers as it is. */
export interface Window<M extends MessageShape = Message> {
  /** The `ifVersion` of an append that must not race another one. */
  readonly version: number;
  readonly messages: WindowMessage<M>[];
  readonly usedTokens: number;
  /** Whether a summary is due. See `autoCompact`. */
  readonly needsCompaction: boolean;
  readonly segments: Segment[];
  /** With `explain`. */
  readonly explain?: ExplainedMessage[];
}

export function toWindow<M extends MessageShape>(answer: WindowAnswer): Window<M> {
  return {
    version: answer.version,
    messages: answer.messages.map((message, index) => toWindowMessage<M>(message, index)),
    usedTokens: answer.used_tokens,
    needsCompaction: answer.needs_compaction,
    segments: answer.segments.map(({ type, from_seq, to_seq, tokens }) => ({
      type,
      fromSeq: from_seq,
      toSeq: to_seq,
      tokens,
    })),
    ...(answer.explain === undefined ? {} : { explain: answer.explain }),
  };
}
