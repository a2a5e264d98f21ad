import type { Frame } from './frame.js';

/** Why a stream ended: a close code of the protocol, or the client went. */
export type StreamEnd =
  'ended' | 'node_stops' | 'not_a_frame' | 'frame_too_large' | 'failed' | 'too_slow' | 'silent' | 'client';

/** A connection that frames go out on. */
export interface StreamClient {
  readonly transport: 'websocket' | 'sse';
  /** Bytes that wait to be taken by the client. */
  readonly buffered: number;
  /** Whether the client can answer a ping, so that its silence means something. */
  readonly answers: boolean;
  send(frames: readonly Frame[]): void;
  /** Calls back once, when nothing waits any more. */
  onDrained(listener: () => void): void;
  /** Ends the connection; `onClosed` follows. */
  close(end: Exclude<StreamEnd, 'client'>): void;
  /** Cuts the connection off; `onClosed` follows. */
  destroy(): void;
  onClosed(listener: () => void): void;
}
