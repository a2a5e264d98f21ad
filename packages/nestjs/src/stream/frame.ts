import type { ChangesPage, StreamChange, StreamPosition } from '@fastpaca/context-store';
import type {
  CompactionFrame,
  ContextFrame,
  GapFrame,
  PingFrame,
  ResetFrame,
  TombstonedFrame,
} from '@fastpaca/protocol';

/** A frame as it goes out. */
export interface Frame {
  /** JSON, UTF-8. */
  readonly bytes: Uint8Array;
  /** The version that is complete with this frame: a safe cursor. Null where more of it follows. */
  readonly cursor: number | null;
}

/** What a store's page is to a client. */
export interface FramePage {
  readonly frames: readonly Frame[];
  readonly next: StreamPosition;
  readonly ended: boolean;
}

export const framePage = ({ changes, next, ended }: ChangesPage): FramePage => ({
  frames: changes.map(frameOf),
  next,
  ended,
});

export function frameOf(change: StreamChange): Frame {
  const { type, version } = change;
  switch (change.type) {
    case 'message':
      return {
        bytes: messageFrame(version, change.seq, change.message),
        cursor: change.last ? version : null,
      };
    case 'compaction': {
      const range = { from_seq: change.range.fromSeq, to_seq: change.range.toSeq };
      const frame = { type: change.type, version, range } satisfies CompactionFrame;
      return { bytes: json(frame), cursor: change.last ? version : null };
    }
    case 'context': {
      const { needsCompaction, usedTokens } = change;
      const frame = {
        type: change.type,
        version,
        needs_compaction: needsCompaction,
        used_tokens: usedTokens,
      };
      return { bytes: json(frame satisfies ContextFrame), cursor: version };
    }
    case 'gap': {
      const frame = { type: change.type, version, expected: change.expected, actual: change.actual };
      return { bytes: json(frame satisfies GapFrame), cursor: version };
    }
    case 'tombstoned':
    case 'reset':
      return { bytes: json({ type, version } as TombstonedFrame | ResetFrame), cursor: version };
  }
}

export const pingFrame = (version: number): Frame => ({
  bytes: json({ type: 'ping', version } satisfies PingFrame),
  cursor: null,
});

/** The message is copied as it is stored, not parsed. */
function messageFrame(version: number, seq: number, message: Uint8Array | null): Uint8Array {
  const head = `{"type":"message","version":${version},"seq":${seq}`;
  if (message === null) return Buffer.from(`${head}}`, 'latin1');
  const open = `${head},"message":`;
  const bytes = Buffer.allocUnsafe(open.length + message.length + 1);
  bytes.write(open, 0, 'latin1');
  bytes.set(message, open.length);
  bytes[bytes.length - 1] = closingBrace;
  return bytes;
}

const closingBrace = 0x7d;

const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value), 'latin1');
