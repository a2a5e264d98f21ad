import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

import { nodeId } from '@fastpaca/raft-core';

import { openPeerNetwork } from '../../src/peer/open-peer-network.js';
import type { PeerEvent, PeerNetworkOptions } from '../../src/peer/options.js';
import type { PeerNetwork } from '../../src/peer/peer-network.js';

export interface PeerNodeOptions extends Partial<Omit<PeerNetworkOptions, 'self' | 'port'>> {
  /** Default: a free one. */
  readonly port?: number | undefined;
  readonly id: string;
  readonly name?: string;
  /** The server's own certificate and key, where it serves TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export const secret = 'the secret of these tests';

/** A node with its HTTP server on a port of its own. */
export class PeerNode {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(
    readonly server: Server,
    readonly port: number,
    readonly network: PeerNetwork,
    readonly events: readonly PeerEvent[],
  ) {}

  /** Listens and is started. */
  static async start(options: PeerNodeOptions): Promise<PeerNode> {
    const node = await PeerNode.create(options);
    node.network.start();
    return node;
  }

  static async create({
    id,
    name = `node-${id}`,
    certificate,
    port: wanted = 0,
    ...rest
  }: PeerNodeOptions): Promise<PeerNode> {
    const server = certificate === undefined ? createServer() : createTlsServer({ ...certificate });
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const events: PeerEvent[] = [];
    const network = openPeerNetwork({
      self: { id: nodeId(id), name },
      port,
      secret,
      seeds: [],
      onEvent: (event) => events.push(event),
      ...rest,
      timing: { tickMs: 50, discoveryMs: 200, retryMs: 200, ...rest.timing },
    });
    const node = new PeerNode(server, port, network, events);
    server.on('upgrade', (request, socket, head) => {
      network.accept(request, socket, head);
    });
    server.on('connection', (socket) => {
      node.#sockets.add(socket);
      socket.once('close', () => node.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      if (node.#cut) socket.destroy();
    });
    return node;
  }

  get seed(): string {
    return `127.0.0.1:${this.port}`;
  }

  get peerNames(): string[] {
    return this.network
      .peers()
      .map(({ name }) => name)
      .sort();
  }

  /** Whoever dials this node loses the connection, and does not get another until `mend`. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  get accepted(): readonly Socket[] {
    return [...this.#sockets];
  }

  async close(): Promise<void> {
    await this.network.close();
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const patienceMs = 15_000;

/** Waits for a condition, and says what it waited for where it does not come. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not within ${patienceMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
