import type { NodeId } from '../ids.js';
import type { Message } from '../message/message.js';

/** `bulk` messages (snapshot chunks) must not delay `control` ones: give them their own connection. */
export type Lane = 'control' | 'bulk';

/** Where a transport delivers. All calls are synchronous and never throw. */
export interface TransportHandler {
  /** Messages of one frame, in order. They are dropped where the receiver's inbox is full. */
  receive(from: NodeId, messages: readonly Message[]): void;
  /** A connection to the peer was lost: its leaderships are contested at once instead of after a timeout. */
  peerDown(peer: NodeId): void;
  /** What was sent may not have arrived (queue full, connection reset): replication probes again. */
  unreachable(peer: NodeId): void;
}

/**
 * Carries messages between nodes. It may lose, delay, duplicate and reorder them; it must not alter
 * them, and it must name the true sender. The contract is checked by the suite in
 * `@fastpaca/raft-core/testing`.
 *
 * Messages are values: a transport within one process may pass them on as they are, one between
 * processes encodes with `encodeFrame` and decodes with `decodeFrame`.
 */
export interface Transport {
  /** Called once, before anything is sent. */
  open(handler: TransportHandler): Promise<void>;
  /**
   * Sends the messages as one frame, or as a few where a long one would hold up the others, or drops
   * them: never throws, never blocks, holds a bounded number of bytes per peer. Must not call the handler
   * before it returns.
   */
  send(to: NodeId, messages: readonly Message[], lane: Lane): void;
  close(): Promise<void>;
}

/** For a host whose groups have no other replica. Drops everything. */
export const noTransport: Transport = {
  open: () => Promise.resolve(),
  send: () => undefined,
  close: () => Promise.resolve(),
};
