import type { NodeId } from '../../ids.js';
import type { Message } from '../../message/message.js';
import type { Lane, Transport, TransportHandler } from '../../transport/transport.js';

export interface MemoryNetworkOptions {
  /** Runs a delivery later; a test that owns the time passes its own. Default: `setImmediate`. */
  readonly schedule?: (task: () => void) => void;
  /** Frames under way to one node; more are dropped. Default 65,536. */
  readonly maxFramesUnderWay?: number;
}

/**
 * Connects the nodes of one process, for tests and examples. Delivers every frame in order unless a
 * direction is cut.
 *
 * ```ts
 * const network = new MemoryNetwork();
 * const a = network.transport(nodeId('a'));
 * network.cut(nodeId('a'), nodeId('b'));   // a no longer reaches b; b still reaches a
 * network.heal();
 * ```
 */
export class MemoryNetwork {
  readonly #schedule: (task: () => void) => void;
  readonly #maxFrames: number;
  readonly #open = new Map<NodeId, MemoryTransport>();
  readonly #cut = new Map<NodeId, Set<NodeId>>();

  constructor(options: MemoryNetworkOptions = {}) {
    this.#schedule = options.schedule ?? setImmediate;
    this.#maxFrames = options.maxFramesUnderWay ?? 65_536;
  }

  /** The node's end. A node that restarts takes a new one, which replaces the old. */
  transport(self: NodeId): Transport {
    return new MemoryTransport(self, this);
  }

  /** Frames from `from` to `to` are lost from now on; the other direction is not touched. */
  cut(from: NodeId, to: NodeId): void {
    const targets = this.#cut.get(from) ?? new Set();
    targets.add(to);
    this.#cut.set(from, targets);
  }

  /** Both directions are lost, and both sides are told that the connection is down. */
  disconnect(a: NodeId, b: NodeId): void {
    this.cut(a, b);
    this.cut(b, a);
    this.#schedule(() => {
      this.#open.get(a)?.handler?.peerDown(b);
      this.#open.get(b)?.handler?.peerDown(a);
    });
  }

  /** Every direction works again. */
  heal(): void {
    this.#cut.clear();
  }

  /** @internal */
  attach(node: MemoryTransport): void {
    this.#open.set(node.self, node);
  }

  /** @internal */
  detach(node: MemoryTransport): void {
    if (this.#open.get(node.self) !== node) return;
    this.#open.delete(node.self);
    this.#schedule(() => {
      for (const other of this.#open.values()) if (other !== node) other.handler?.peerDown(node.self);
    });
  }

  /** @internal */
  deliver(from: MemoryTransport, to: NodeId, messages: readonly Message[]): void {
    const target = this.#open.get(to);
    if (target === undefined || target.underWay >= this.#maxFrames) {
      this.#schedule(() => from.handler?.unreachable(to));
      return;
    }
    target.underWay += 1;
    this.#schedule(() => {
      target.underWay -= 1;
      if (this.#cut.get(from.self)?.has(to) !== true) target.handler?.receive(from.self, messages);
    });
  }
}

class MemoryTransport implements Transport {
  readonly self: NodeId;
  readonly network: MemoryNetwork;
  handler: TransportHandler | null = null;
  underWay = 0;

  constructor(self: NodeId, network: MemoryNetwork) {
    this.self = self;
    this.network = network;
  }

  async open(handler: TransportHandler): Promise<void> {
    this.handler = handler;
    this.network.attach(this);
  }

  send(to: NodeId, messages: readonly Message[], _lane: Lane): void {
    if (this.handler !== null) this.network.deliver(this, to, messages);
  }

  async close(): Promise<void> {
    this.handler = null;
    this.network.detach(this);
  }
}
