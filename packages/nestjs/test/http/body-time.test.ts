import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { limitBodyTime } from '../../src/http/body-time.js';

const milliseconds = 100;
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A server that notes whose body came too late. `lateOnes` resolves once there are so many. */
async function serve(routes: (app: FastifyInstance, lateOnes: (count: number) => Promise<void>) => void) {
  const late: string[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const lateOnes = (count: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ count, resolve });
      look();
    });
  const look = (): void => {
    for (const { count, resolve } of waiting) if (late.length >= count) resolve();
  };
  const app = fastify({
    clientErrorHandler: ({ code }, socket) => {
      late.push(code);
      socket.destroy();
      look();
    },
  });
  open.push(app);
  limitBodyTime(app, milliseconds);
  routes(app, lateOnes);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return { late, lateOnes, send: (path: string, body: string) => send(port, path, body) };
}

/** Sends a request that says it has ten bytes. */
function send(port: number, path: string, body: string): Socket {
  const socket = connect(port, '127.0.0.1');
  open.push({ close: () => socket.destroy() });
  socket.on('error', () => undefined);
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\n`;
  socket.write(head + body);
  return socket;
}

async function statusOf(socket: Socket): Promise<string | undefined> {
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return /^HTTP\/1.1 (\d+)/.exec(answer.toString())?.[1];
}

describe('the time for a body', () => {
  test('ends each request whose body does not arrive, once, and no other', async () => {
    const { late, send } = await serve((app) => app.post('/', () => 'read'));
    expect(await statusOf(send('/', '0123456789'))).toBe('200');
    const cutOff = ['', '012', '012345678'].map((body) => send('/', body));
    expect(await statusOf(send('/', '0123456789'))).toBe('200');
    await Promise.all(cutOff.map((socket) => once(socket, 'close')));
    expect(late).toEqual(Array.from(cutOff, () => 'ERR_HTTP_REQUEST_TIMEOUT'));
  });

  test('is over once the body was read: the answer may take longer', async () => {
    const { late, send } = await serve((app, lateOnes) => {
      app.post('/slow', async () => {
        await lateOnes(1);
        return 'read';
      });
    });
    const slow = statusOf(send('/slow', '0123456789'));
    // Begun later, so that it is late after the other would be.
    send('/slow', '012');
    expect(await slow).toBe('200');
    expect(late).toHaveLength(1);
  });

  test('does not end a connection whose request was refused before its body was read', async () => {
    const { late, lateOnes, send } = await serve((app) => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.url === '/refused') await reply.code(401).send('refused');
      });
      app.post('/', () => 'read');
      app.post('/refused', () => 'read');
    });
    const refused = send('/refused', '0123456789');
    expect(await statusOf(refused)).toBe('401');
    send('/', '012');
    await lateOnes(1);
    expect(late).toHaveLength(1);
    expect(refused.destroyed).toBe(false);
  });

  test('keeps no flood of requests that are refused before they are read in full', async () => {
    const app = fastify();
    open.push(app);
    const seen: WeakRef<object>[] = [];
    app.addHook('onRequest', ({ raw }, _reply, done) => {
      seen.push(new WeakRef(raw));
      done();
    });
    limitBodyTime(app, 600_000);
    app.post('/', () => 'read');
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n';
    for (let connection = 0; connection < 4; connection += 1) {
      const socket = connect(port, '127.0.0.1');
      open.push({ close: () => socket.destroy() });
      socket.write(`${head}{`.repeat(400));
      let answers = '';
      for await (const chunk of socket) {
        answers += String(chunk);
        if (answers.split('HTTP/1.1 400').length > 400) break;
      }
    }
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // A weak reference that was made or read in a turn holds until its end.
    await new Promise(setImmediate);
    collect();
    expect(seen).toHaveLength(1_600);
    expect(seen.filter((each) => each.deref() !== undefined).length).toBeLessThan(1_200);
  });
});
