import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { NodeId, Transport } from '@fastpaca/raft-core';

/** Short ASCII name of a request between nodes, like `propose`. */
export type PeerMethod = string;

/**
 * - `peer_unreachable`: certainly not delivered.
 * - `peer_overloaded`: certainly not delivered, too much waits for this peer.
 * - `peer_lost`: may have been delivered, the connection broke before the answer.
 * - `peer_timeout`: may have been delivered, no answer in time.
 * - `peer_refused`: the peer's handler threw, or it has none.
 */
export type PeerErrorCode =
  'peer_unreachable' | 'peer_overloaded' | 'peer_lost' | 'peer_timeout' | 'peer_refused';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the peer certainly did not see the request. */
  get notDelivered(): boolean {
    return this.code === 'peer_unreachable' || this.code === 'peer_overloaded';
  }
}

/** What a node tells its peers of itself, in the handshake and whenever it changes. */
export interface AnnouncedState {
  readonly clusterId: string | null;
  readonly state: 'empty' | 'member';
  /** Opaque to the link: at most 16 KiB. */
  readonly detail: string;
}

/** A connected peer with what it announced last. */
export interface PeerStatus extends AnnouncedState {
  readonly id: NodeId;
  readonly name: string;
  readonly address: string;
  readonly protocolVersion: number;
  /** Milliseconds since 1970. */
  readonly connectedSince: number;
}

/** A connection that was refused, by this node or by the other, in words. */
export interface PeerRefusal {
  readonly address: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PeerNetwork {
  readonly self: { readonly id: NodeId; readonly name: string };
  /** For the Raft host. */
  readonly transport: Transport;
  /** The connected ones. */
  peers(): readonly PeerStatus[];
  /** The newest refusals, newest last. */
  refusals(): readonly PeerRefusal[];
  /** A peer came, went, or announced something else. Returns how to stop listening. */
  onChange(listener: () => void): () => void;
  /** @throws PeerError */
  request(
    to: NodeId,
    method: PeerMethod,
    payload: Uint8Array,
    options: { readonly deadlineMs: number },
  ): Promise<Uint8Array>;
  handle(method: PeerMethod, handler: (payload: Uint8Array, from: NodeId) => Promise<Uint8Array>): void;
  /** May be called before `start`. The latest wins. */
  announce(state: AnnouncedState): void;
  /** The HTTP server's upgrade of `/internal/cluster`. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  start(): void;
  /** Peers see this node go at once. */
  close(): Promise<void>;
}
