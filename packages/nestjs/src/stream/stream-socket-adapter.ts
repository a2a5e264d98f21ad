import type { Server } from 'node:http';
import type { WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import type { Observable } from 'rxjs';
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from '../errors/api-error.js';
import { refuseUpgrade } from '../upgrade/refuse-upgrade.js';
import type { UpgradeRouter } from '../upgrade/upgrade-router.js';
import { streamPath, type StreamUpgrades } from './stream-upgrade.js';

/** A client only sends pongs. */
const maximumFrameBytes = 4 * 1024;

/**
 * Answers to pings that nobody takes. `ws` cuts off above it without a word, so it is far above the frames that a stream
 * takes in a second: too many pings at once end with their own close code.
 */
const maximumPendingPongs = 1_000;

/**
 * Lets a Nest gateway serve `/v1/contexts/:id/stream`. Nest's own adapter for `ws` knows no parameters
 * in paths, wraps every frame in `{event, data}` and cuts off sockets of other paths.
 */
export class StreamSocketAdapter extends AbstractWsAdapter {
  constructor(
    httpServer: Server,
    private readonly router: UpgradeRouter,
    private readonly upgrades: StreamUpgrades,
  ) {
    super(httpServer);
  }

  override create(): WebSocketServer {
    // Its types do not know all of its options.
    const options: ServerOptions & { readonly maxPendingAutoPongs: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maximumFrameBytes,
      maxPendingAutoPongs: maximumPendingPongs,
    };
    const server = new WebSocketServer(options);
    // What is no handshake, `ws` would answer by itself, with plain text.
    server.on('wsClientError', ({ message }, socket) => {
      refuseUpgrade(socket, new ApiError('invalid_request', message));
    });
    this.router.route(streamPath, (request, socket, head, { id }) => {
      void this.upgrades.upgrade(server, request, socket, head, id);
    });
    return server;
  }

  /** A frame is an object with a `type`; a type that is not known is for a later release. */
  override bindMessageHandlers(
    client: WebSocket,
    handlers: WsMessageHandler[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    client.on('message', (data: RawData, isBinary: boolean) => {
      const type = isBinary ? malformed : typeOf(data);
      const handler = handlers.find(({ message }) => message === type);
      if (handler !== undefined) transform(handler.callback(type)).subscribe();
    });
  }
}

/** The name under which the gateway hears of what is no frame. It is no type: types are not empty. */
export const malformed = '';

function typeOf(data: RawData): string {
  let frame: unknown;
  try {
    frame = JSON.parse((data as Buffer).toString());
  } catch {
    return malformed;
  }
  const type = typeof frame === 'object' && frame !== null && 'type' in frame ? frame.type : malformed;
  return typeof type === 'string' ? type : malformed;
}
