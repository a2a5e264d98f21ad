import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands before a server and breaks each connection after as many bytes from it as `next` says. */
export class TcpCutter {
  cuts = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(port: number, next: () => number): Promise<TcpCutter> {
    const server = createServer();
    const cutter = new TcpCutter(server);
    server.on('connection', (client) => {
      let left = next();
      const upstream = connect(port, '127.0.0.1');
      const end = (): void => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) {
        cutter.sockets.add(socket);
        socket.on('error', end);
        socket.on('close', () => {
          cutter.sockets.delete(socket);
          end();
        });
      }
      client.pipe(upstream);
      upstream.on('data', (chunk) => {
        client.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left > 0) return;
        cutter.cuts += 1;
        client.end();
        upstream.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cutter;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
