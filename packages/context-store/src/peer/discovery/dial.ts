import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

import { HandshakeError } from '../handshake/handshake-error.js';
import type { PeerTls } from '../options.js';
import { MAX_MESSAGE_BYTES } from '../wire/unit.js';
import { formatAddress } from './address.js';
import type { Address } from './address.js';

/** Where the link is served, on the node's public port. */
export const CLUSTER_PATH = '/internal/cluster';

/** Options of both ends of a link's websocket. */
export const socketOptions = {
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
  // The link has pings of its own, so that nobody makes a node answer before it has proved the secret.
  autoPong: false,
  skipUTF8Validation: true,
} as const;

export interface Dialled {
  readonly socket: WebSocket;
  readonly binding: Uint8Array;
}

/**
 * Opens a websocket to a node.
 * @throws HandshakeError
 */
export function dial(address: Address, tls: PeerTls | null, connectMs: number): Promise<Dialled> {
  const scheme = tls === null ? 'ws' : 'wss';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${scheme}://${formatAddress(address)}${CLUSTER_PATH}`, {
      ...socketOptions,
      handshakeTimeout: connectMs,
      // Masks are for browsers, whose scripts must not choose what a proxy sees. Here they only cost.
      generateMask: (mask: Buffer) => {
        mask.writeUInt32LE(0);
      },
      ...(tls === null ? {} : tlsOptions(tls)),
    });
    let binding: Uint8Array = new Uint8Array(0);
    socket.once('upgrade', (response) => {
      binding = channelBinding(response.socket);
    });
    // It stays: an error that nobody listens to would end the process.
    socket.on('error', (error) => {
      reject(new HandshakeError(`Not reached: ${error.message}`, { cause: error }));
    });
    socket.once('open', () => {
      resolve({ socket, binding });
    });
  });
}

function tlsOptions({ ca, rejectUnauthorized = ca !== undefined }: PeerTls): ClientOptions {
  return {
    ...(ca === undefined ? {} : { ca: [ca].flat() }),
    rejectUnauthorized,
    // Discovery finds addresses, not names; who is there, the secret proves.
    checkServerIdentity: () => false,
  };
}

/**
 * What both ends of a TLS connection know and nobody in between does (RFC 5705). As a part of the proof it
 * ties the secret to this channel: who forwards the handshake over two channels of his own, fails.
 */
export function channelBinding(socket: unknown): Uint8Array {
  if (!(socket instanceof TLSSocket)) return new Uint8Array(0);
  return socket.exportKeyingMaterial(32, 'EXPORTER-fastpaca-link', Buffer.alloc(0));
}
