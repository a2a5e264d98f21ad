import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ContextStore } from '@fastpaca/context-store';

type Network = NonNullable<ContextStore['network']>;

const pollMs = 20;

/** Where other nodes connect. */
export const clusterPath = (pathname: string) => (pathname === '/internal/cluster' ? {} : null);

/**
 * The links of other nodes to this one, which share its port. A server that closes waits for all its
 * connections, and these do not end by themselves: they are closed last, since a request in flight may
 * need them.
 */
export class ClusterLinks {
  private readonly network: Network;
  private readonly sockets = new Set<Duplex>();

  constructor(network: Network) {
    this.network = network;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.network.accept(request, socket, head);
  }

  /** Closes the links once the server has stopped listening and has no other connection. */
  closeLast(server: Server): void {
    const timer = setInterval(() => {
      if (server.listening) return;
      server.getConnections((error, count) => {
        if (error === null && count > this.sockets.size) return;
        clearInterval(timer);
        void this.network.close();
      });
    }, pollMs);
    timer.unref();
  }
}
