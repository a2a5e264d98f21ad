import { once } from 'node:events';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands before a server and, where `cuts` says so, breaks the connection after the server has done
 * what was asked and before the client hears of it.
 */
export class CuttingProxy {
  cut = 0;
  passed = 0;

  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(target: string, cuts: (method: string, path: string) => boolean): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server);
    server.on('request', (incoming, outgoing) => {
      const { method = '', url = '', headers } = incoming;
      const forward = send(target + url, { method, headers }, (answer) => {
        if (cuts(method, url)) {
          proxy.cut += 1;
          answer.resume();
          answer.on('end', () => outgoing.destroy());
          return;
        }
        proxy.passed += 1;
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      });
      forward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => forward.destroy());
      incoming.pipe(forward);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
