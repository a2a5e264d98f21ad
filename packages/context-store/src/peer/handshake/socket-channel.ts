import type { RawData, WebSocket } from 'ws';

import { HandshakeError } from './handshake-error.js';
import { MAX_HANDSHAKE_BYTES } from './message.js';
import type { HandshakeChannel } from './shake-hands.js';

/** What may arrive before the link takes over: the peer starts right after its last word. */
const MAX_EARLY_BYTES = 256 * 1024;

/** The handshake's view of a websocket, until `release` hands it over. */
export class SocketChannel implements HandshakeChannel {
  readonly #arrived: Buffer[] = [];
  #bytes = 0;
  #failure: HandshakeError | null = null;
  #waiting: (() => void) | null = null;

  constructor(
    private readonly socket: WebSocket,
    readonly binding: Uint8Array,
    private readonly stepMs: number,
  ) {
    socket.on('message', this.#onMessage);
    socket.on('ping', this.#onPing);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  send(message: Uint8Array): void {
    this.socket.send(message);
  }

  async receive(): Promise<Uint8Array> {
    if (this.#arrived.length === 0 && this.#failure === null) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          this.#fail(`The peer was silent for ${this.stepMs} ms.`);
        }, this.stepMs);
        this.#waiting = () => {
          clearTimeout(timer);
          this.#waiting = null;
          resolve();
        };
      });
    }
    const message = this.#arrived.shift();
    if (message === undefined) throw this.#failure ?? new HandshakeError('The connection closed.');
    this.#bytes -= message.length + 1;
    if (message.length > MAX_HANDSHAKE_BYTES) {
      throw new HandshakeError(`A message of the handshake has at most ${MAX_HANDSHAKE_BYTES} bytes.`);
    }
    return message;
  }

  /** Ends the handshake. Returns what the peer has sent after it. */
  release(): readonly Buffer[] {
    this.socket.off('message', this.#onMessage);
    this.socket.off('ping', this.#onPing);
    this.socket.off('close', this.#onClose);
    this.socket.off('error', this.#onError);
    return this.#arrived;
  }

  get failure(): HandshakeError | null {
    return this.#failure;
  }

  readonly #onMessage = (data: RawData): void => {
    const message = toBuffer(data);
    this.#arrived.push(message);
    // An empty message counts too.
    this.#bytes += message.length + 1;
    if (this.#bytes > MAX_EARLY_BYTES) this.#fail('The peer sent more than the handshake takes.');
    this.#waiting?.();
  };

  readonly #onPing = (): void => {
    this.#fail('The peer sent a ping within the handshake.');
  };

  readonly #onClose = (): void => {
    this.#fail('The peer closed the connection.');
  };

  readonly #onError = (error: Error): void => {
    this.#fail(`The connection failed: ${error.message}`);
  };

  #fail(message: string): void {
    this.#failure ??= new HandshakeError(message);
    this.#waiting?.();
    this.socket.terminate();
  }
}

/** Sockets here are set to `nodebuffer`, which gives one buffer per message. */
export function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
