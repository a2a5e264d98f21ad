import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { message, startApplication, type TestApplication } from '../application.js';
import { EventFollower, Follower, refusal } from './follow.js';

let server: TestApplication;
afterEach(async () => {
  await server.close();
});

const events = { accept: 'text/event-stream' };

describe('with API keys', () => {
  const key = { authorization: 'Bearer key+1' };
  const target = '/v1/contexts/demo/stream';

  test('an upgrade and an event stream need one: the header, or access_token on this path alone', async () => {
    server = await startApplication({ FASTPACA_API_KEY: 'key+1' });
    await server.call('PUT', '/v1/contexts/demo', { headers: key, body: {} });
    expect(await refusal(server.url, target)).toMatchObject({ status: 401, body: { error: 'unauthorized' } });
    expect((await refusal(server.url, target)).headers['www-authenticate']).toBe('Bearer');
    expect((await refusal(server.url, target, { authorization: 'Bearer other' })).status).toBe(401);
    expect((await refusal(server.url, `${target}?access_token=other`)).status).toBe(401);
    expect((await server.get(target, events)).status).toBe(401);
    expect((await server.get(`${target}?access_token=`, events)).status).toBe(401);
    expect((await server.get('/v1/contexts/demo?access_token=key%2B1')).status).toBe(401);
    for (const open of [
      await Follower.open(server.url, target, { headers: key }),
      await Follower.open(server.url, `${target}?access_token=key%2B1`),
      await EventFollower.open(server.url, target, key),
      await EventFollower.open(server.url, `${target}?access_token=key%2B1`),
    ]) {
      open.drop();
    }
  });

  test('a key in a URL does not reach the log', async () => {
    server = await startApplication({ FASTPACA_API_KEY: 'secret-key' });
    await server.get(`${target}?access_token=secret-key`, events);
    await refusal(server.url, `${target}?access_token=secret-key`);
    expect(JSON.stringify(server.logged)).not.toContain('secret-key');
  });
});

describe('FASTPACA_STREAM_MAX_CONNECTIONS', () => {
  test('counts websockets and event streams; more get 503 with Retry-After, and a place given back is free', async () => {
    server = await startApplication({ FASTPACA_STREAM_MAX_CONNECTIONS: '2' });
    await server.put('/v1/contexts/demo');
    const target = '/v1/contexts/demo/stream';
    const socket = await Follower.open(server.url, target);
    const stream = await EventFollower.open(server.url, target);
    const refused = await refusal(server.url, target);
    expect(refused).toMatchObject({ status: 503, body: { error: 'too_many_streams' } });
    expect(refused.headers['retry-after']).toBe('1');
    const answer = await server.get(target, events);
    expect(answer).toMatchObject({ status: 503, body: { error: 'too_many_streams' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    for (const each of [socket, stream]) {
      each.drop();
      await openSoon(target);
      expect((await refusal(server.url, target)).status).toBe(503);
    }
  });

  test('a failed handshake and a refusal keep no place', async () => {
    server = await startApplication({ FASTPACA_STREAM_MAX_CONNECTIONS: '1' });
    await server.put('/v1/contexts/demo');
    for (let n = 0; n < 5; n += 1) {
      expect((await refusal(server.url, '/v1/contexts/nobody/stream')).status).toBe(404);
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
      const { status, body } = await rawUpgrade(server.url, '/v1/contexts/demo/stream', upgrade);
      // Not the plain text of the websocket library.
      expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'invalid_request' }]);
    }
    (await openSoon('/v1/contexts/demo/stream')).drop();
  });

  /** The server learns of a dropped connection when the kernel tells it. */
  async function openSoon(target: string): Promise<Follower> {
    for (;;) {
      const follower = await Follower.open(server.url, target).catch(() => null);
      if (follower !== null) return follower;
      await delay(5);
    }
  }
});

describe('when the server stops', () => {
  test('websockets are closed with 1001, event streams end, and the server comes to its end', async () => {
    server = await startApplication();
    await server.put('/v1/contexts/demo');
    await server.post('/v1/contexts/demo/messages', { message: message('a') });
    const socket = await Follower.open(server.url, '/v1/contexts/demo/stream?cursor=0');
    const stream = await EventFollower.open(server.url, '/v1/contexts/demo/stream?cursor=0');
    await socket.count(2);
    await stream.count(2);
    await server.app.close();
    expect((await socket.closed).code).toBe(1001);
    await stream.ended;
  });
});

async function rawUpgrade(
  url: string,
  target: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${target} HTTP/1.1\r\nhost: h\r\n${lines.join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body };
}
