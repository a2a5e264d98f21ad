import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { NodeId, Transport } from '@fastpaca/raft-core';

import type { AnnouncedState, NetworkStatus, PeerRefusal, PeerStatus } from './peer-status.js';

/** Short ASCII name of a request between nodes, like `propose`: at most 64 characters. */
export type PeerMethod = string;

/**
 * Answers a request of a peer. What it throws reaches the peer as `peer_refused` with the message.
 * After `deadlineMs` milliseconds nobody waits for the answer any more.
 */
export type PeerHandler = (payload: Uint8Array, from: NodeId, deadlineMs: number) => Promise<Uint8Array>;

/** The links of this node to all others of its cluster. */
export interface PeerNetwork {
  readonly self: { readonly id: NodeId; readonly name: string };
  /** For the Raft host. Its `close` ends the deliveries to the host; the network stays. */
  readonly transport: Transport;
  /** The connected ones. */
  peers(): readonly PeerStatus[];
  /** The newest refusals, newest last. */
  refusals(): readonly PeerRefusal[];
  status(): NetworkStatus;
  /** Whether every address of the seeds was tried since the start, and whoever was met has said what it is. */
  hasLooked(): boolean;
  /**
   * A peer came, went, or announced something else; or a connection was refused. Called in a turn of
   * its own. Returns how to stop listening.
   */
  onChange(listener: () => void): () => void;
  /**
   * Sends a request and waits for the answer, at most `deadlineMs` milliseconds. The payload must not
   * be changed before the promise settles.
   * @throws PeerError
   */
  request(
    to: NodeId,
    method: PeerMethod,
    payload: Uint8Array,
    options: { readonly deadlineMs: number },
  ): Promise<Uint8Array>;
  /** One handler per method; a second one replaces the first. */
  handle(method: PeerMethod, handler: PeerHandler): void;
  /** May be called before `start`. The latest wins. */
  announce(state: AnnouncedState): void;
  /** Refuses the node from now on, with this reason on both sides; null admits it again. */
  refuse(id: NodeId, reason: string | null): void;
  /** The HTTP server's upgrade of `/internal/cluster`. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  start(): void;
  /** Peers see this node go at once. Requests under way end with `peer_lost`. */
  close(): Promise<void>;
}
