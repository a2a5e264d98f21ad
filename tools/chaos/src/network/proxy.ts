import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Network, Place, Slowness } from './network.ts';
import { socketOwner } from './socket-owner.ts';

const delayMs = 60;
const narrowBytesPerMs = 250;

/**
 * Links through proxies in this process, where the system allows no namespaces. Node `i` listens on
 * 127.x.1.i and is known to its peers as 127.x.0.i, where a proxy takes its connections. Whose connection it is
 * the proxy reads from /proc, and it goes on from that node's own proxy address, so that a node that looks at
 * where a peer comes from sees the address under which it can be reached. Bytes of a blocked direction wait, which is what
 * TCP makes of lost packets.
 */
export async function openProxies(count: number, port: number): Promise<Network> {
  const network = new Proxies(count, port);
  await network.listen();
  return network;
}

/** One direction of a connection. */
interface Flow {
  readonly from: number;
  readonly to: number;
  readonly source: Socket;
  readonly sink: Socket;
}

class Proxies implements Network {
  readonly kind = 'proxy';
  readonly slownesses = ['delay', 'narrow'] as const;
  readonly places: readonly Place[];
  readonly #net: number;
  readonly #port: number;
  readonly #pids = new Map<number, number>();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #flows = new Set<Flow>();
  readonly #blocked = new Set<string>();
  readonly #slow = new Map<number, Slowness>();

  constructor(count: number, port: number) {
    this.#net = 1 + (process.pid % 250);
    this.#port = port;
    this.places = Array.from({ length: count }, (_, index) => ({
      host: this.#inner(index),
      port,
      peerAddress: `${this.#outer(index)}:${port}`,
      url: `http://${this.#inner(index)}:${port}`,
      prefix: [],
    }));
  }

  get description(): string {
    return `a proxy in front of each node, on 127.${this.#net}.0.0/16`;
  }

  async listen(): Promise<void> {
    for (const index of this.places.keys()) {
      const server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket, index));
      this.#servers.push(server);
      server.listen(this.#port, this.#outer(index));
      await once(server, 'listening');
    }
  }

  processStarted(index: number, pid: number): void {
    this.#pids.set(index, pid);
  }

  block(from: number, to: number): void {
    this.#blocked.add(`${from} ${to}`);
    this.#applyAll();
  }

  slow(index: number, how: Slowness): void {
    this.#slow.set(index, how);
  }

  heal(): void {
    this.#blocked.clear();
    this.#slow.clear();
    this.#applyAll();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) {
      server.close();
      await once(server, 'close');
    }
  }

  #accept(socket: Socket, to: number): void {
    const owner = socketOwner(socket.remoteAddress ?? '', socket.remotePort ?? 0, [...this.#pids.values()]);
    const from = [...this.#pids].find(([, pid]) => pid === owner)?.[0];
    if (from === undefined) {
      socket.destroy(); // of a node that has just been killed
      return;
    }
    const onward = connect({ host: this.#inner(to), port: this.#port, localAddress: this.#outer(from) });
    this.#carry({ from, to, source: socket, sink: onward });
    this.#carry({ from: to, to: from, source: onward, sink: socket });
  }

  #carry(flow: Flow): void {
    const { source, sink } = flow;
    this.#flows.add(flow);
    this.#sockets.add(source);
    source.setNoDelay(true);
    source.on('data', (chunk: Buffer) => {
      source.pause();
      void this.#pass(flow, chunk);
    });
    source.on('end', () => sink.end());
    source.on('error', () => sink.destroy());
    source.on('close', () => {
      this.#flows.delete(flow);
      this.#sockets.delete(source);
      sink.destroy();
    });
    this.#apply(flow);
  }

  async #pass(flow: Flow, chunk: Buffer): Promise<void> {
    const how = this.#slow.get(flow.from) ?? this.#slow.get(flow.to);
    if (how === 'delay') await delay(delayMs);
    if (how === 'narrow') await delay(chunk.length / narrowBytesPerMs);
    const { source, sink } = flow;
    if (!sink.writable) return;
    if (sink.write(chunk)) this.#apply(flow);
    else sink.once('drain', () => this.#apply(flow));
    if (source.readableEnded) sink.end();
  }

  #applyAll(): void {
    for (const flow of this.#flows) this.#apply(flow);
  }

  #apply({ from, to, source }: Flow): void {
    if (this.#blocked.has(`${from} ${to}`)) source.pause();
    else source.resume();
  }

  #outer(index: number): string {
    return `127.${this.#net}.0.${10 + index}`;
  }

  #inner(index: number): string {
    return `127.${this.#net}.1.${10 + index}`;
  }
}
