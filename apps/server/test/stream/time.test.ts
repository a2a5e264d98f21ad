import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventFollower, Follower } from './follow.js';
import { rawEventStream, rawWebSocket } from './raw-socket.js';
import { startStreamServer, type StreamServer, text } from './stream-server.js';
import { VirtualClock } from './virtual-clock.js';

const target = '/v1/contexts/demo/stream';
let clock: VirtualClock;
let server: StreamServer;
beforeEach(async () => {
  clock = new VirtualClock();
  server = await startStreamServer({ clock, maxConnections: 2 });
  await server.store.put('demo', {});
});
afterEach(async () => {
  await server.close();
});

const open = (transport: string): Promise<number> =>
  server.metric(`fastpaca_stream_connections{transport="${transport}"}`);

/** Waits until the server has noticed what it is told by the kernel or by a timer of its own. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('ping', () => {
  test('comes every 30 s with the version, and a client that answers stays', async () => {
    await server.store.append('demo', [text('a')]);
    const stream = await Follower.open(server.url, target);
    clock.pass(29);
    clock.pass(1);
    await stream.until(() => stream.frames.length === 1);
    expect(stream.frames).toEqual([{ type: 'ping', version: 1 }]);
    for (let minute = 1; minute <= 10; minute += 1) {
      for (const half of [1, 2]) {
        clock.pass(30);
        await stream.until(() => stream.frames.length === minute * 2 + half - 1);
        // The answer to the ping is on its way: what comes after it has been heard, too.
        await server.store.append('demo', [text('a')]);
        stream.socket.send('{"type":"pong"}');
        await stream.until(() => stream.cursor === minute * 2 + half - 1);
        stream.frames.length = minute * 2 + half - 1;
      }
    }
    expect(await open('websocket')).toBe(1);
    stream.drop();
  });

  test('comes on an event stream too, without an id, and its silence means nothing', async () => {
    const stream = await EventFollower.open(server.url, target);
    clock.pass(300);
    await server.store.append('demo', [text('a')]);
    await stream.count(2);
    const pings = stream.events.filter(({ frame }) => frame.type === 'ping');
    expect(pings).toEqual(Array.from({ length: 10 }, () => ({ frame: { type: 'ping', version: 0 } })));
    stream.drop();
  });
});

describe('silence', () => {
  test('of 90 s closes the stream', async () => {
    const stream = await Follower.open(server.url, target, { pong: false });
    clock.pass(89);
    await stream.until(() => stream.frames.length === 2);
    expect(stream.socket.readyState).toBe(stream.socket.OPEN);
    clock.pass(1);
    expect((await stream.closed).code).toBe(4408);
    await until(async () => (await server.metric(silentSeries)) === 1);
  });

  test('is broken by anything that a client says, also what a later release may say', async () => {
    const stream = await Follower.open(server.url, target, { pong: false });
    clock.pass(80);
    stream.socket.send('{"type":"later"}');
    stream.socket.ping();
    await once(stream.socket, 'pong');
    clock.pass(80);
    await server.store.append('demo', [text('a')]);
    await stream.count(2);
    expect(stream.socket.readyState).toBe(stream.socket.OPEN);
    stream.drop();
  });

  test('of a half-open connection ends it, though it never answers the close', async () => {
    const socket = await rawWebSocket(server.url, target);
    expect(await open('websocket')).toBe(1);
    clock.pass(90);
    await until(async () => (await open('websocket')) === 0);
    socket.destroy();
  });

  const silentSeries = 'fastpaca_stream_closed_total{transport="websocket",reason="silent"}';
});

describe('a client that does not take what is sent', () => {
  /** The server's end of the next connection. */
  const accepted = async (): Promise<Duplex> => {
    const [socket] = (await once(server.http, 'connection')) as [Duplex];
    return socket;
  };
  const chunk = 'x'.repeat(60_000);
  /** Appends until the connection takes no more, and then more. */
  async function flood(serverEnd: Duplex): Promise<number> {
    let version = 0;
    let most = 0;
    for (let stuck = 0; stuck < 100;) {
      const before = serverEnd.writableLength;
      ({ version } = await server.store.append('demo', [text(chunk)]));
      most = Math.max(most, serverEnd.writableLength);
      stuck = serverEnd.writableLength > 0 && serverEnd.writableLength === before ? stuck + 1 : 0;
    }
    expect(most).toBeLessThan(1024 * 1024);
    return version;
  }

  test('costs less than 1 MiB, is closed with 1013, and resumes by cursor without loss', async () => {
    await server.store.put('demo', { policy: { strategy: 'manual', config: {} } });
    const connection = accepted();
    const stream = await Follower.open(server.url, target);
    const serverEnd = await connection;
    stream.socket.pause();
    const version = await flood(serverEnd);
    clock.pass(10);
    expect(serverEnd.writableLength).toBeLessThan(1024 * 1024);
    stream.socket.resume();
    expect((await stream.closed).code).toBe(1013);
    const rest = await Follower.open(server.url, `${target}?cursor=${stream.cursor ?? 0}`);
    await rest.version(version);
    const seqs = [...stream.frames, ...rest.frames].flatMap((each) =>
      each.type === 'message' ? [each.seq] : [],
    );
    expect([...new Set(seqs)]).toEqual(Array.from({ length: version }, (_, n) => n + 1));
    rest.drop();
  });

  test('as an event stream is cut off', async () => {
    const connection = accepted();
    const socket = await rawEventStream(server.url, target);
    const serverEnd = await connection;
    socket.pause();
    await flood(serverEnd);
    clock.pass(10);
    await until(async () => (await open('sse')) === 0);
    expect(await server.metric('fastpaca_stream_closed_total{transport="sse",reason="too_slow"}')).toBe(1);
    socket.destroy();
  });

  test('for a while only, is not closed', async () => {
    await server.store.put('demo', { policy: { strategy: 'manual', config: {} } });
    const connection = accepted();
    const stream = await Follower.open(server.url, target);
    stream.socket.pause();
    const version = await flood(await connection);
    clock.pass(4);
    stream.socket.resume();
    await stream.version(version);
    expect(stream.socket.readyState).toBe(stream.socket.OPEN);
    stream.drop();
  });

  test('does not hold up another one', async () => {
    const connection = accepted();
    const slow = await Follower.open(server.url, target);
    slow.socket.pause();
    const serverEnd = await connection;
    const fast = await Follower.open(server.url, target);
    const version = await flood(serverEnd);
    await fast.version(version);
    slow.drop();
    fast.drop();
  });
});
