import { connect, type Socket } from 'node:net';
import { ResponseParser } from './response-parser.ts';

export type ResponseHandler = (status: number, body: Buffer) => void;

/** One request at a time; its answer as a status of HTTP, whatever is spoken below. */
export interface LoadConnection {
  send(request: Buffer, onResponse: ResponseHandler): void;
  close(): void;
}

/**
 * One kept-alive HTTP connection with at most one request in flight, on a bare socket: about 10 µs of
 * client per request, a fraction of what fetch or a pooling client costs. Both systems are measured
 * through it.
 */
export class Connection implements LoadConnection {
  readonly #socket: Socket;
  #onResponse: ResponseHandler | undefined;
  #closed = false;

  private constructor(socket: Socket, onFailure: (error: Error) => void) {
    this.#socket = socket;
    const parser = new ResponseParser((status, body) => {
      const handler = this.#onResponse;
      this.#onResponse = undefined;
      if (handler === undefined) throw new Error('the server answered without being asked');
      handler(status, body);
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        onFailure(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', onFailure);
    socket.on('close', () => {
      if (!this.#closed) onFailure(new Error('the server closed a connection of the load generator'));
    });
  }

  /** Resolves once connected; `onFailure` hears of a connection that breaks later. */
  static open(port: number, onFailure: (error: Error) => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket, onFailure));
      });
    });
  }

  send(request: Buffer, onResponse: ResponseHandler): void {
    this.#onResponse = onResponse;
    this.#socket.write(request);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}
