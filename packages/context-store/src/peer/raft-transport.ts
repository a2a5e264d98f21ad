import type { Lane, Message, NodeId, Transport, TransportHandler } from '@fastpaca/raft-core';

import type { LinkTable } from './link/link-table.js';

/** Raft's side of the links. */
export class RaftTransport implements Transport {
  #handler: TransportHandler | null = null;
  /** To be told once `send` has returned. */
  readonly #unreachable = new Set<NodeId>();
  /** Not connected, and told so since the last tick: every group of the host is asked each time. */
  readonly #told = new Set<NodeId>();

  constructor(private readonly links: () => LinkTable) {}

  open(handler: TransportHandler): Promise<void> {
    this.#handler = handler;
    return Promise.resolve();
  }

  send(to: NodeId, messages: readonly Message[], lane: Lane): void {
    if (this.#handler === null) return;
    const link = this.links().get(to);
    if (link !== null) link.sendRaft(messages, lane);
    else if (!this.#told.has(to)) {
      this.#told.add(to);
      this.unreachable(to);
    }
  }

  tick(): void {
    this.#told.clear();
  }

  close(): Promise<void> {
    this.#handler = null;
    return Promise.resolve();
  }

  receive(from: NodeId, messages: readonly Message[]): void {
    this.#handler?.receive(from, messages);
  }

  peerDown(peer: NodeId): void {
    this.#handler?.peerDown(peer);
  }

  unreachable(peer: NodeId): void {
    if (this.#handler === null) return;
    if (this.#unreachable.size === 0) {
      setImmediate(() => {
        const peers = [...this.#unreachable];
        this.#unreachable.clear();
        for (const each of peers) this.#handler?.unreachable(each);
      });
    }
    this.#unreachable.add(peer);
  }
}
