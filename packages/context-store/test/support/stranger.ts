import { once } from 'node:events';

import { nodeId } from '@fastpaca/raft-core';
import type { Lane } from '@fastpaca/raft-core';
import type { WebSocket } from 'ws';

import { dial } from '../../src/peer/discovery/dial.js';
import { greet } from '../../src/peer/handshake/shake-hands.js';
import { SocketChannel } from '../../src/peer/handshake/socket-channel.js';
import { secret } from './peer-node.js';

/** A websocket to a node, before any word. */
export async function knock(port: number): Promise<WebSocket> {
  const { socket } = await dial({ host: '127.0.0.1', port }, null, 5_000);
  return socket;
}

/** A connection of somebody who knows the secret, and sends what they like. */
export async function enter(port: number, id: string, lane: Lane = 'control'): Promise<WebSocket> {
  const socket = await knock(port);
  const channel = new SocketChannel(socket, new Uint8Array(0), 5_000);
  const own = {
    secret,
    versions: { min: 1, max: 1 },
    identity: () => ({
      id: nodeId(id),
      name: id,
      boot: id,
      port: 1,
      clusterId: null,
      state: 'empty' as const,
    }),
    admit: () => Promise.resolve(null),
  };
  await greet(channel, own, lane);
  channel.release();
  return socket;
}

export async function closed(socket: WebSocket): Promise<number> {
  if (socket.readyState === socket.CLOSED) return 0;
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}
