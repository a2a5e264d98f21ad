import type { NodeId, Transport } from '@fastpaca/raft-core';
import { transportConformance } from '@fastpaca/raft-core/testing';
import type { TransportPlace } from '@fastpaca/raft-core/testing';
import { describe, test } from '@jest/globals';

import { PeerNode } from '../support/peer-node.js';

/** Nodes with servers of their own; each knows the address of one that was there before. */
class SocketPlace implements TransportPlace {
  readonly #nodes: PeerNode[] = [];

  async transport(self: NodeId): Promise<Transport> {
    const seeds = this.#nodes.slice(0, 1).map(({ seed }) => seed);
    const node = await PeerNode.create({ id: self, seeds });
    this.#nodes.push(node);
    const { transport } = node.network;
    return {
      open: async (handler) => {
        await transport.open(handler);
        node.network.start();
      },
      send: (to, messages, lane) => {
        transport.send(to, messages, lane);
      },
      close: () => node.close(),
    };
  }

  disconnect(): void {
    for (const node of this.#nodes) node.cut();
  }

  heal(): void {
    for (const node of this.#nodes) node.mend();
  }
}

describe('the network over sockets keeps the contract of Transport', () => {
  for (const { name, run } of transportConformance(() => new SocketPlace())) test(name, run);
});
