import type { StreamFrame } from '@fastpaca/protocol';
import { toStored, type MessageShape } from '../message/message.js';
import type { StreamEvent, StreamNotice } from './stream-event.js';

/**
 * Where a reader of a stream is. A connection may break in the middle of a batch, whose messages all
 * have one version; a resume then begins before the batch, and what was given out already is dropped
 * here. So the reader gets every message once and in order, however often the connection breaks.
 */
export class StreamPosition<M extends MessageShape> {
  private lastSeq = 0;
  private lastCompaction = 0;
  private safeCursor: number;

  constructor(cursor: number) {
    this.safeCursor = cursor;
  }

  /** Every frame up to this version was given out. */
  get cursor(): number {
    return this.safeCursor;
  }

  /** The event of a frame; null where there is none, or the reader has it. */
  accept(frame: StreamFrame): StreamEvent<M> | StreamNotice | null {
    const { version } = frame;
    switch (frame.type) {
      case 'message': {
        const { seq, message } = frame;
        if (seq <= this.lastSeq) return null;
        this.lastSeq = seq;
        const notice = { type: 'message', version, cursor: this.cursor, seq } as const;
        return message === undefined ? notice : { ...notice, message: toStored<M>(message) };
      }
      case 'compaction': {
        if (version <= this.lastCompaction) return null;
        this.lastCompaction = version;
        const { from_seq: fromSeq, to_seq: toSeq } = frame.range;
        const range = toSeq === 0 ? null : { fromSeq, toSeq };
        return { type: 'compaction', version, cursor: this.cursor, range };
      }
      case 'context': {
        if (version < this.cursor) return null;
        // The last frame of every write.
        this.safeCursor = version;
        const { needs_compaction: needsCompaction, used_tokens: usedTokens } = frame;
        return { type: 'context', version, cursor: version, needsCompaction, usedTokens };
      }
      case 'tombstoned':
        this.safeCursor = version;
        return { type: 'tombstoned', version, cursor: version };
      case 'reset':
        this.safeCursor = version;
        this.lastSeq = 0;
        this.lastCompaction = 0;
        return { type: 'reset', version, cursor: version };
      case 'gap': {
        if (version < this.cursor) return null;
        this.safeCursor = version;
        const { expected, actual } = frame;
        return { type: 'gap', version, cursor: version, expected, actual };
      }
      case 'ping':
        return null;
      default:
        // A newer server may send frames that this client does not know.
        return null;
    }
  }
}
