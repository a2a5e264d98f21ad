import type { NodeId } from '@fastpaca/raft-core';

import { PeerError } from '../peer/peer-error.js';
import type { PeerNetwork } from '../peer/peer-network.js';
import type { HopKind, StoreObserver } from '../store-events.js';
import { currentTrace, inSpan } from '../tracing/in-span.js';

/** A request's bytes, or what makes them with the `traceparent` of the span that the request is. */
export type Payload = Uint8Array | ((traceparent: string) => Uint8Array);

/** Requests to other nodes: every one goes through here, with its time and its end told to the observer. */
export class Hops {
  readonly #peers: PeerNetwork | null;
  readonly #onHop: StoreObserver['onHop'];

  constructor(peers: PeerNetwork | null, { onHop }: StoreObserver) {
    this.#peers = peers;
    this.#onHop = onHop;
  }

  /** The answer's bytes, or why there is none. Never rejects. */
  async request(
    kind: HopKind,
    to: NodeId,
    payload: Payload,
    deadlineMs: number,
  ): Promise<Uint8Array | PeerError> {
    const startedAt = performance.now();
    const hop = { name: `peer ${kind}`, kind: 'client', attributes: { 'fastpaca.peer': to } } as const;
    const answer = await inSpan(hop, () => {
      const bytes = typeof payload === 'function' ? payload(currentTrace()) : payload;
      return this.#send(kind, to, bytes, deadlineMs);
    });
    this.#onHop?.({
      kind,
      outcome: answer instanceof PeerError ? answer.code : 'answered',
      latencyMs: performance.now() - startedAt,
    });
    return answer;
  }

  async #send(
    kind: HopKind,
    to: NodeId,
    payload: Uint8Array,
    deadlineMs: number,
  ): Promise<Uint8Array | PeerError> {
    if (this.#peers === null) return new PeerError('peer_unreachable', 'This node is alone.');
    try {
      return await this.#peers.request(to, kind, payload, { deadlineMs: Math.max(1, Math.ceil(deadlineMs)) });
    } catch (error) {
      if (error instanceof PeerError) return error;
      return new PeerError('peer_lost', 'The request failed in an unforeseen way.', { cause: error });
    }
  }
}

/** Whether the node certainly did nothing with the request: handlers throw before they do anything. */
export const isUnhandled = (error: PeerError): boolean => error.notDelivered || error.code === 'peer_refused';
