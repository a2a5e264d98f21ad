import type { IncomingMessage } from 'node:http';
import {
  ConnectedSocket,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { SocketClient } from './socket-client.js';
import { malformed } from './stream-socket-adapter.js';
import { StreamUpgrades } from './stream-upgrade.js';
import type { Stream } from './stream.js';
import { Streams } from './streams.js';

/** Streams over websocket. Who may connect was decided before the handshake, by `StreamUpgrades`. */
@WebSocketGateway()
export class StreamGateway implements OnGatewayConnection<WebSocket> {
  private readonly byClient = new WeakMap<WebSocket, Stream>();

  constructor(
    private readonly streams: Streams,
    private readonly upgrades: StreamUpgrades,
  ) {}

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    const admitted = this.upgrades.take(request);
    if (admitted === undefined) {
      client.terminate();
      return;
    }
    const stream = this.streams.run(admitted.start, new SocketClient(client, admitted.socket));
    this.byClient.set(client, stream);
    const heard = (): void => {
      stream.heard();
    };
    client.on('message', heard);
    client.on('ping', heard);
    client.on('pong', heard);
    // `ws` closes by itself: 1009 where a frame is too large, 1002 and 1007 where it is none.
    client.on('error', (error: Error & { code?: string }) => {
      stream.close(error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'frame_too_large' : 'not_a_frame');
    });
  }

  /** That it was heard counts, nothing else. */
  @SubscribeMessage('pong')
  pong(): void {
    // `heard` has noted it.
  }

  @SubscribeMessage(malformed)
  malformed(@ConnectedSocket() client: WebSocket): void {
    this.byClient.get(client)?.close('not_a_frame');
  }
}
