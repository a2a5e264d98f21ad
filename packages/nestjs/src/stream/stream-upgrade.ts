import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { credentialsOf } from '../auth/credentials.js';
import type { ApiKeys } from '../auth/api-keys.js';
import { ApiError } from '../errors/api-error.js';
import { refuseUpgrade } from '../upgrade/refuse-upgrade.js';
import { streamRequest } from './stream-admission.js';
import type { Streams, StreamStart } from './streams.js';

const path = /^\/v1\/contexts\/([^/]+)\/stream$/;

/** The context's id, still percent-encoded, where the path is that of a stream. */
export function streamPath(pathname: string): { readonly id: string } | null {
  const id = path.exec(pathname)?.[1];
  return id === undefined ? null : { id };
}

/** A request that was admitted, until the gateway takes it over. */
export interface Admitted {
  readonly start: StreamStart;
  readonly socket: Duplex;
}

/**
 * Decides on an upgrade before the handshake, so that a refusal is an HTTP answer with the same errors
 * as everywhere: 400, 401, 404, 503.
 */
export class StreamUpgrades {
  private readonly admitted = new WeakMap<IncomingMessage, Admitted>();

  constructor(
    private readonly streams: Streams,
    private readonly keys: ApiKeys,
  ) {}

  async upgrade(
    server: WebSocketServer,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    encodedId: string,
  ): Promise<void> {
    let start: StreamStart;
    try {
      start = await this.admit(request, encodedId);
    } catch (error) {
      this.streams.refused(error);
      refuseUpgrade(socket, error);
      return;
    }
    if (socket.destroyed) {
      start.release();
      return;
    }
    // Also where the handshake fails: no websocket will tell then.
    socket.once('close', start.release);
    this.admitted.set(request, { start, socket });
    server.handleUpgrade(request, socket, head, (client) => {
      server.emit('connection', client, request);
    });
  }

  /** What was found out about a request that became a websocket. */
  take(request: IncomingMessage): Admitted | undefined {
    const admitted = this.admitted.get(request);
    this.admitted.delete(request);
    return admitted;
  }

  private async admit(request: IncomingMessage, encodedId: string): Promise<StreamStart> {
    if (!this.keys.accepts(credentialsOf(request))) {
      throw new ApiError('unauthorized', 'Send a valid API key: Authorization: Bearer KEY');
    }
    const { searchParams } = new URL(request.url ?? '', 'http://host');
    return this.streams.start(streamRequest(decoded(encodedId), Object.fromEntries(searchParams)));
  }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    throw new ApiError('invalid_context_id', 'The path is not valid percent-encoding');
  }
}
