import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Lane, NodeId } from '@fastpaca/raft-core';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

import { HandshakeError, RefusedError } from '../handshake/handshake-error.js';
import type { Identity } from '../handshake/message.js';
import { greet, welcome } from '../handshake/shake-hands.js';
import type { Greeting, HandshakeChannel, OwnSide } from '../handshake/shake-hands.js';
import { SocketChannel } from '../handshake/socket-channel.js';
import { closeCodes, Connection } from '../lane/connection.js';
import type { Arrival } from '../link/link-table.js';
import type { PeerTls } from '../options.js';
import type { RefusalNote } from '../wire/notes.js';
import { formatAddress, plainHost } from './address.js';
import type { Address } from './address.js';
import { channelBinding, dial, socketOptions } from './dial.js';

export type DialOutcome =
  | { readonly kind: 'reached'; readonly peer: NodeId }
  | { readonly kind: 'self' }
  /** `refused`: it is told already. */
  | { readonly kind: 'failed' | 'refused'; readonly message: string };

export interface ConnectorOptions {
  readonly tls: PeerTls | null;
  readonly stepMs: number;
  readonly maxUnauthenticated: number;
  readonly own: Omit<OwnSide, 'admit'>;
  admit(peer: Identity, lane: Lane, dialled: boolean): Promise<RefusalNote | null>;
  arrived(arrival: Arrival): void;
  refused(note: RefusalNote, by: 'self' | 'peer', address: string): void;
}

const CLOSE_MS = 500;
const refusedUpgrade = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** Makes connections of sockets: dials or accepts, shakes hands, hands over. Knows every socket until it is closed. */
export class Connector {
  readonly #server = new WebSocketServer({ ...socketOptions, noServer: true, clientTracking: false });
  readonly #sockets = new Set<WebSocket>();
  #unauthenticated = 0;
  #state: 'new' | 'open' | 'closed' = 'new';
  #emptied: (() => void) | null = null;

  constructor(private readonly options: ConnectorOptions) {}

  /** Connections that were accepted and have not proved the secret. */
  get unauthenticated(): number {
    return this.#unauthenticated;
  }

  open(): void {
    if (this.#state === 'new') this.#state = 'open';
  }

  async dial(address: Address, lane: Lane): Promise<DialOutcome> {
    const { tls, stepMs } = this.options;
    let met: Identity | null = null;
    const note = (peer: Identity): void => {
      met = peer;
    };
    try {
      const { socket, binding } = await dial(address, tls, stepMs);
      const shake = (channel: HandshakeChannel): Promise<Greeting> =>
        greet(channel, this.#own(true, note), lane);
      const { peer } = await this.#meet(socket, binding, true, () => address, shake);
      return { kind: 'reached', peer: peer.id };
    } catch (error) {
      return this.#dialFailed(error, formatAddress(address), met);
    }
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A reset of a socket that nobody listens to would end the process.
    socket.on('error', () => socket.destroy());
    if (this.#state !== 'open' || this.#unauthenticated >= this.options.maxUnauthenticated) {
      // Not the stranger's to keep half open: the server would wait for it as it stops.
      socket.once('finish', () => socket.destroy());
      socket.end(refusedUpgrade);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      void this.#welcome(client, request);
    });
  }

  /** Sockets that are not closed by now get a moment, then are cut. */
  async close(): Promise<void> {
    this.#state = 'closed';
    if (this.#sockets.size > 0) {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.terminate();
      }, CLOSE_MS);
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
      clearTimeout(timer);
    }
  }

  async #welcome(socket: WebSocket, request: IncomingMessage): Promise<void> {
    this.#unauthenticated += 1;
    const host = plainHost(request.socket.remoteAddress ?? '');
    let seenAs = host;
    const note = (peer: Identity): void => {
      seenAs = formatAddress({ host, port: peer.port });
    };
    socket.on('error', () => undefined);
    try {
      await this.#meet(
        socket,
        channelBinding(request.socket),
        false,
        ({ port }) => ({ host, port }),
        (channel) => welcome(channel, this.#own(false, note)),
      );
    } catch (error) {
      if (error instanceof RefusedError) this.options.refused(error.note, error.by, seenAs);
      else if (!(error instanceof HandshakeError)) throw error;
    } finally {
      this.#unauthenticated -= 1;
    }
  }

  async #meet(
    socket: WebSocket,
    binding: Uint8Array,
    dialled: boolean,
    addressOf: (peer: Identity) => Address,
    shake: (channel: HandshakeChannel) => Promise<Greeting>,
  ): Promise<Greeting> {
    this.#track(socket);
    const channel = new SocketChannel(socket, binding, this.options.stepMs);
    try {
      const greeting = await shake(channel);
      const early = channel.release();
      if (channel.failure !== null) throw channel.failure;
      if (this.#state !== 'open') throw new HandshakeError('The network was closed.');
      const connection = new Connection(socket, dialled);
      this.options.arrived({ greeting, connection, address: addressOf(greeting.peer), early });
      return greeting;
    } catch (error) {
      channel.release();
      socket.close(closeCodes.refused);
      setTimeout(() => {
        socket.terminate();
      }, CLOSE_MS).unref();
      throw error;
    }
  }

  #own(dialled: boolean, met: (peer: Identity) => void): OwnSide {
    const { own, admit } = this.options;
    return {
      ...own,
      admit: (peer, lane) => {
        met(peer);
        return admit(peer, lane, dialled);
      },
    };
  }

  #dialFailed(error: unknown, address: string, met: Identity | null): DialOutcome {
    if (error instanceof HandshakeError) return { kind: 'failed', message: error.message };
    if (!(error instanceof RefusedError)) throw error;
    const { code, reason } = error.note;
    if (code === 'self') return { kind: 'self' };
    if (code === 'duplicate' && met !== null) return { kind: 'reached', peer: met.id };
    this.options.refused(error.note, error.by, address);
    return { kind: 'refused', message: reason };
  }

  #track(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#emptied?.();
    });
    // Dialled before the network was closed, reached after it.
    if (this.#state === 'closed') socket.terminate();
  }
}
