import type { NodeId, Transport } from '@fastpaca/raft-core';
import { MemoryNetwork } from '@fastpaca/raft-core/testing';

import { PeerError } from '../../src/peer/peer-error.js';
import type { PeerHandler, PeerNetwork } from '../../src/peer/peer-network.js';
import type { AnnouncedState, NetworkStatus, PeerRefusal, PeerStatus } from '../../src/peer/peer-status.js';

export interface MemoryPeer {
  readonly id: NodeId;
  readonly name: string;
}

/**
 * The networks of several nodes in one process. Whoever is started sees all others that are.
 *
 * ```ts
 * const world = new MemoryPeers();
 * const a = world.network({ id: nodeId('a'), name: 'node-a' });
 * world.disconnect(a.self.id, b.self.id);   // both see the other go; requests under way are lost
 * world.heal();
 * ```
 */
export class MemoryPeers {
  readonly raft = new MemoryNetwork();
  readonly #nodes = new Map<NodeId, MemoryPeerNetwork>();
  readonly #parted = new Set<string>();

  /** A node that restarts takes a new one. */
  network(self: MemoryPeer): PeerNetwork {
    return new MemoryPeerNetwork(this, self, this.raft.transport(self.id));
  }

  disconnect(a: NodeId, b: NodeId): void {
    this.#parted.add(pair(a, b));
    this.raft.disconnect(a, b);
    this.#nodes.get(a)?.lose(b);
    this.#nodes.get(b)?.lose(a);
    this.#changed();
  }

  /** From all others. */
  isolate(node: NodeId): void {
    for (const other of this.#nodes.keys()) if (other !== node) this.disconnect(node, other);
  }

  heal(): void {
    this.#parted.clear();
    this.raft.heal();
    this.#changed();
  }

  /** @internal */
  join(node: MemoryPeerNetwork): void {
    this.#nodes.set(node.self.id, node);
    this.#changed();
  }

  /** @internal */
  leave(node: MemoryPeerNetwork): void {
    if (this.#nodes.get(node.self.id) !== node) return;
    this.#nodes.delete(node.self.id);
    for (const other of this.#nodes.values()) other.lose(node.self.id);
    this.#changed();
  }

  /** @internal */
  connected(from: MemoryPeerNetwork, to: NodeId): MemoryPeerNetwork | null {
    const peer = this.#nodes.get(to);
    if (peer === undefined || this.#nodes.get(from.self.id) !== from || peer === from) return null;
    if (this.#parted.has(pair(from.self.id, to)) || peer.refuses(from) || from.refuses(peer)) return null;
    return peer;
  }

  /** @internal */
  others(of: MemoryPeerNetwork): MemoryPeerNetwork[] {
    return [...this.#nodes.values()].filter((node) => this.connected(of, node.self.id) !== null);
  }

  /** @internal Both sides are told why. */
  refuse(by: MemoryPeerNetwork, id: NodeId, refusal: PeerRefusal): void {
    by.noteRefusal(refusal);
    this.#nodes.get(id)?.noteRefusal(refusal);
    this.disconnect(by.self.id, id);
  }

  /** @internal */
  announced(): void {
    this.#changed();
  }

  #changed(): void {
    for (const node of this.#nodes.values()) node.changed();
  }
}

const pair = (a: NodeId, b: NodeId): string => JSON.stringify([a, b].sort());

interface Waiting {
  readonly to: NodeId;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: PeerError) => void;
}

class MemoryPeerNetwork implements PeerNetwork {
  readonly #handlers = new Map<string, PeerHandler>();
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<Waiting>();
  readonly #refused = new Map<NodeId, string>();
  readonly #refusals: PeerRefusal[] = [];
  readonly #startedAt = Date.now();
  #state: AnnouncedState = { clusterId: null, state: 'empty', detail: '' };

  constructor(
    private readonly world: MemoryPeers,
    readonly self: MemoryPeer,
    readonly transport: Transport,
  ) {}

  peers(): readonly PeerStatus[] {
    return this.world.others(this).map((node) => ({
      ...node.#state,
      ...node.self,
      address: `memory:${node.self.name}`,
      protocolVersion: 1,
      connectedSince: node.#startedAt,
    }));
  }

  refusals(): readonly PeerRefusal[] {
    return this.#refusals;
  }

  status(): NetworkStatus {
    return { peers: [], addresses: [], unauthenticated: 0, refused: this.#refusals.length };
  }

  /** All others are there at once. */
  hasLooked(): boolean {
    return true;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async request(
    to: NodeId,
    method: string,
    payload: Uint8Array,
    { deadlineMs }: { readonly deadlineMs: number },
  ): Promise<Uint8Array> {
    if (this.world.connected(this, to) === null) {
      throw new PeerError('peer_unreachable', `Node ${to} is not connected.`);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.reject(new PeerError('peer_timeout', `No answer to ${method} within ${deadlineMs} ms.`));
      }, deadlineMs);
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        to,
        resolve: (answer) => {
          end();
          resolve(answer);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      setImmediate(() => void this.#deliver(waiting, method, Uint8Array.from(payload), deadlineMs));
    });
  }

  async #deliver(waiting: Waiting, method: string, payload: Uint8Array, deadlineMs: number): Promise<void> {
    const peer = this.world.connected(this, waiting.to);
    if (peer === null || !this.#waiting.has(waiting)) return;
    const answer = await peer.#serve(method, payload, this.self.id, deadlineMs);
    setImmediate(() => {
      // Lost with the connection; `lose` has told so.
      if (this.world.connected(this, waiting.to) !== peer) return;
      if (answer instanceof PeerError) waiting.reject(answer);
      else waiting.resolve(Uint8Array.from(answer));
    });
  }

  async #serve(
    method: string,
    payload: Uint8Array,
    from: NodeId,
    deadlineMs: number,
  ): Promise<Uint8Array | PeerError> {
    const handler = this.#handlers.get(method);
    if (handler === undefined) return new PeerError('peer_refused', `Nothing handles ${method}.`);
    try {
      return await handler(payload, from, deadlineMs);
    } catch (cause) {
      return new PeerError('peer_refused', cause instanceof Error ? cause.message : String(cause));
    }
  }

  handle(method: string, handler: PeerHandler): void {
    this.#handlers.set(method, handler);
  }

  announce(state: AnnouncedState): void {
    this.#state = state;
    this.world.announced();
  }

  refuse(id: NodeId, reason: string | null): void {
    if (reason === null) {
      this.#refused.delete(id);
      return;
    }
    this.#refused.set(id, reason);
    this.world.refuse(this, id, { code: 'refused_node', address: `memory:${id}`, reason, at: Date.now() });
  }

  accept(): void {
    throw new Error('Nodes in memory have no sockets.');
  }

  start(): void {
    this.world.join(this);
  }

  async close(): Promise<void> {
    this.world.leave(this);
    for (const { to } of this.#waiting) this.lose(to);
    await this.transport.close();
  }

  /** @internal */
  refuses(peer: MemoryPeerNetwork): boolean {
    return this.#refused.has(peer.self.id);
  }

  /** @internal */
  noteRefusal(refusal: PeerRefusal): void {
    this.#refusals.push(refusal);
  }

  /** @internal */
  lose(peer: NodeId): void {
    for (const waiting of this.#waiting) {
      if (waiting.to !== peer) continue;
      waiting.reject(new PeerError('peer_lost', `The connection to ${peer} broke before the answer.`));
    }
  }

  /** @internal */
  changed(): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener();
    });
  }
}
