import { connect, type Socket } from 'node:net';
import type { LoadConnection, ResponseHandler } from './connection.ts';
import {
  encodeFrame,
  encodePreface,
  flags,
  FrameReader,
  frameTypes,
  onStream,
  type Frame,
} from './grpc-frames.ts';

/** A stream number is 31 bits; long before it runs out a benchmark is over. */
const lastStream = 0x7ffffffd;

/**
 * One HTTP/2 connection with at most one gRPC call in flight, on a bare socket, at the cost of `Connection`. A call that
 * is answered with a message counts as 201, one that is not as 500.
 */
export class GrpcConnection implements LoadConnection {
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #onFailure: (error: Error) => void;
  #onResponse: ResponseHandler | undefined;
  #message: Buffer | undefined;
  #stream = -1;
  #closed = false;

  private constructor(socket: Socket, onFailure: (error: Error) => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
    socket.setNoDelay(true);
    socket.write(encodePreface());
    socket.on('data', (chunk: Buffer) => this.#frames.push(chunk, (frame) => this.#frame(frame)));
    socket.on('error', onFailure);
    socket.on('close', () => {
      if (!this.#closed) onFailure(new Error('the server closed a connection of the load generator'));
    });
  }

  static open(port: number, onFailure: (error: Error) => void): Promise<GrpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new GrpcConnection(socket, onFailure));
      });
    });
  }

  send(request: Buffer, onResponse: ResponseHandler): void {
    this.#onResponse = onResponse;
    this.#message = undefined;
    this.#stream += 2;
    if (this.#stream > lastStream) throw new Error('an HTTP/2 connection has no more streams');
    this.#socket.write(onStream(request, this.#stream));
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #frame(frame: Frame): void {
    switch (frame.type) {
      case frameTypes.settings:
      case frameTypes.ping:
        if ((frame.flags & flags.ack) === 0) {
          const echo = frame.type === frameTypes.ping ? frame.payload : Buffer.alloc(0);
          this.#socket.write(encodeFrame(frame.type, flags.ack, 0, echo));
        }
        return;
      case frameTypes.data:
        this.#message = frame.payload;
        break;
      case frameTypes.resetStream:
        this.#answer(frame);
        return;
      case frameTypes.goAway:
        this.#onFailure(new Error(`the server ends the connection: ${frame.payload.toString('latin1')}`));
        return;
      default:
    }
    // The trailers of a call end its stream. Without a message before them they tell of an error.
    if (frame.stream === this.#stream && (frame.flags & flags.endStream) !== 0) this.#answer(frame);
  }

  #answer(frame: Frame): void {
    const handler = this.#onResponse;
    this.#onResponse = undefined;
    if (frame.stream !== this.#stream) return;
    handler?.(this.#message === undefined ? 500 : 201, this.#message ?? frame.payload);
  }
}
