import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { Server } from 'node:tls';

/** Ends TLS and opens it again towards a node: it reads and could change all that passes. */
export class Forwarder {
  readonly #sockets: Socket[] = [];

  private constructor(private readonly server: Server) {}

  static async to(
    port: number,
    certificate: { readonly cert: string; readonly key: string },
  ): Promise<Forwarder> {
    const server = createServer({ ...certificate });
    const forwarder = new Forwarder(server);
    server.on('secureConnection', (near) => {
      const far = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      forwarder.#sockets.push(near, far);
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.pipe(far).pipe(near);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return forwarder;
  }

  get seed(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
