import type { Duplex } from 'node:stream';
import { closeCodes } from '@fastpaca/protocol';
import type { WebSocket } from 'ws';
import type { Frame } from './frame.js';
import type { StreamClient } from './stream-client.js';

/** A client that is silent will not answer a close either. */
const graceMs = 2_000;

/** A websocket. */
export class SocketClient implements StreamClient {
  readonly transport = 'websocket';
  readonly answers = true;

  /** @param socket What the websocket runs on. */
  constructor(
    private readonly client: WebSocket,
    private readonly socket: Duplex,
  ) {}

  get buffered(): number {
    return this.client.bufferedAmount;
  }

  send(frames: readonly Frame[]): void {
    if (this.client.readyState !== this.client.OPEN) return;
    // One write to the kernel for all frames.
    this.socket.cork();
    for (const { bytes } of frames) this.client.send(bytes, { binary: false });
    this.socket.uncork();
  }

  onDrained(listener: () => void): void {
    this.socket.once('drain', listener);
  }

  close(end: keyof typeof closeCodes): void {
    const { code, meaning } = closeCodes[end];
    this.client.close(code, meaning);
    if (end === 'silent') {
      setTimeout(() => {
        this.client.terminate();
      }, graceMs).unref();
    }
  }

  destroy(): void {
    this.client.terminate();
  }

  onClosed(listener: () => void): void {
    this.client.once('close', listener);
  }
}
