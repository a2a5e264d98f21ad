import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../errors/api-error.js';
import { refuseUpgrade } from './refuse-upgrade.js';

export type UpgradeHandler<P> = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  parameters: P,
) => void;

/** What a path says, or null where it is not the route's. */
export type PathMatcher<P> = (pathname: string) => P | null;

/** Calls the handler and returns true where the path is its route's. */
type Route = (pathname: string, request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * The one listener for upgrades of an HTTP server: each goes to the first route that knows its path,
 * which then owns the socket. Where no route does, and nothing else listens, the answer is 404.
 *
 * ```ts
 * const path = (pathname: string) => (pathname === '/echo' ? {} : null);
 * router.route(path, (request, socket, head) => webSocketServer.handleUpgrade(request, socket, head, greet));
 * ```
 */
export class UpgradeRouter {
  private readonly routes: Route[] = [];
  private server: Server | null = null;
  private listening = false;

  /** To be called once there is a server. It is left alone until there is a route. */
  listenOn(server: Server): void {
    this.server = server;
    this.listen();
  }

  route<P>(matcher: PathMatcher<P>, handler: UpgradeHandler<P>): void {
    this.routes.push((pathname, request, socket, head) => {
      const parameters = matcher(pathname);
      if (parameters === null) return false;
      handler(request, socket, head, parameters);
      return true;
    });
    this.listen();
  }

  private listen(): void {
    const { server } = this;
    if (server === null || this.listening || this.routes.length === 0) return;
    this.listening = true;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.upgrade(request, socket, head);
    });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [pathname = '/'] = (request.url ?? '/').split('?', 1);
    // A reset of a socket that nobody listens to yet would end the process.
    socket.on('error', () => socket.destroy());
    if (this.routes.some((route) => route(pathname, request, socket, head))) return;
    if (this.server !== null && this.server.listenerCount('upgrade') > 1) return;
    refuseUpgrade(socket, new ApiError('not_found', `Nothing is served to websockets at ${pathname}`));
  }
}

/** Whether a request wants a websocket. Some clients offer `h2c` with every request: they get HTTP. */
export const wantsWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';
