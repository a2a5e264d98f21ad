import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UpgradeRouter } from '../../src/upgrade/upgrade-router.js';

let server: Server;
let router: UpgradeRouter;
const sockets: Socket[] = [];
beforeEach(async () => {
  server = createServer((_request, response) => response.end('plain'));
  router = new UpgradeRouter();
  router.listenOn(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** Asks for an upgrade and returns all that the server says until it closes. */
async function ask(path: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

const itemPath = (pathname: string): { readonly id: string } | null => {
  const id = /^\/items\/([^/]+)$/.exec(pathname)?.[1];
  return id === undefined ? null : { id };
};

describe('upgrades', () => {
  test('go to the first route that knows the path, with what the path says', async () => {
    router.route(itemPath, (_request, socket, _head, { id }) => socket.end(`item ${id}`));
    router.route(
      (pathname) => (pathname === '/other' ? {} : null),
      (_request, socket) => socket.end('other'),
    );
    expect(await ask('/items/7?a=b')).toBe('item 7');
    expect(await ask('/other')).toBe('other');
  });

  test('to an unknown path are answered with 404 and closed', async () => {
    router.route(itemPath, (_request, socket) => socket.end('item'));
    const answer = await ask('/nothing');
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(answer).toContain('"error":"not_found"');
  });

  test('are not listened for as long as there is no route', () => {
    expect(server.listenerCount('upgrade')).toBe(0);
    router.route(itemPath, (_request, socket) => socket.end());
    router.route(itemPath, (_request, socket) => socket.end());
    expect(server.listenerCount('upgrade')).toBe(1);
  });

  test('are left alone where something else listens for them too', async () => {
    router.route(itemPath, (_request, socket) => socket.end('item'));
    server.on('upgrade', (_request, socket: Socket) => socket.end('theirs'));
    expect(await ask('/nothing')).toBe('theirs');
  });

  test('of a client that is gone at once harm nobody', async () => {
    router.route(itemPath, (_request, socket) => socket.end('item'));
    const seen = once(server, 'upgrade');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /nothing HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'connect');
    socket.resetAndDestroy();
    await Promise.race([seen, once(socket, 'close')]);
    expect(await ask('/nothing')).toContain('404');
  });
});
