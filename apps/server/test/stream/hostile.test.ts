import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { Follower } from './follow.js';
import { clientFrame, rawWebSocket } from './raw-socket.js';
import { startStreamServer, type StreamServer, text } from './stream-server.js';
import { VirtualClock } from './virtual-clock.js';

const target = '/v1/contexts/demo/stream';
let server: StreamServer;
let witness: Follower;
beforeAll(async () => {
  server = await startStreamServer({ clock: new VirtualClock() });
  await server.store.put('demo', {});
  witness = await Follower.open(server.url, target);
});
afterAll(async () => {
  witness.drop();
  await server.close();
});

/** Whoever behaves notices nothing. */
async function expectWorking(): Promise<void> {
  const { version } = await server.store.append('demo', [text('still here')]);
  await witness.version(version);
}

describe('what is no frame closes the stream with 1008', () => {
  test.each([
    ['text that is no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[{"type":"pong"}]'],
    ['a string', '"pong"'],
    ['an object without a type', '{"ping":1}'],
    ['a type that is no string', '{"type":{"a":1}}'],
    ['an empty type', '{"type":""}'],
    ['deep nesting', '['.repeat(4_000)],
    ['bytes', Buffer.from([1, 2, 3])],
    ['a pong in bytes', Buffer.from('{"type":"pong"}')],
  ])('%s', async (_, data) => {
    const stream = await Follower.open(server.url, target);
    stream.socket.send(data);
    expect((await stream.closed).code).toBe(1008);
    await expectWorking();
  });

  test('more frames than anyone needs', async () => {
    const stream = await Follower.open(server.url, target);
    for (let n = 0; n < 200; n += 1) stream.socket.send('{"type":"pong"}');
    expect((await stream.closed).code).toBe(1008);
    await expectWorking();
  });

  test('pings of the protocol count as frames', async () => {
    const stream = await Follower.open(server.url, target);
    for (let n = 0; n < 200; n += 1) stream.socket.ping();
    expect((await stream.closed).code).toBe(1008);
    await expectWorking();
  });
});

test('a frame above 4 KiB is closed with 1009, before it has arrived', async () => {
  const stream = await Follower.open(server.url, target);
  stream.socket.send('x'.repeat(5_000));
  expect((await stream.closed).code).toBe(1009);
  const huge = await rawWebSocket(server.url, target);
  // A frame that says it has 2^40 bytes, and never ends.
  huge.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  huge.resume();
  await once(huge, 'close');
  await expectWorking();
});

test('a message in endless fragments is cut off at 4 KiB', async () => {
  const socket = await rawWebSocket(server.url, target);
  socket.resume();
  socket.write(clientFrame(1, Buffer.alloc(1_000, 'a'), { fin: false }));
  for (let n = 0; n < 10; n += 1) socket.write(clientFrame(0, Buffer.alloc(1_000, 'a'), { fin: false }));
  await once(socket, 'close');
  await expectWorking();
});

test.each([
  ['a frame without a mask', clientFrame(1, Buffer.from('{"type":"pong"}'), { masked: false })],
  ['a reserved opcode', clientFrame(7, Buffer.from('x'))],
  ['text that is no UTF-8', clientFrame(1, Buffer.from([0xff, 0xfe, 0xfd]))],
  ['a continuation of nothing', clientFrame(0, Buffer.from('x'))],
  ['a ping of 126 bytes', clientFrame(9, Buffer.alloc(126))],
  ['a close with a code that is none', clientFrame(8, Buffer.from([0, 1]))],
])('%s ends the connection, and only that', async (_, bytes) => {
  const socket = await rawWebSocket(server.url, target);
  socket.resume();
  socket.write(bytes);
  await once(socket, 'close');
  await expectWorking();
});

test('a connection that is cut in the middle of a frame harms nobody', async () => {
  const socket = await rawWebSocket(server.url, target);
  socket.write(clientFrame(1, Buffer.from('{"type":"pong"}')).subarray(0, 5));
  socket.resetAndDestroy();
  await expectWorking();
});

test('compression is not agreed to', async () => {
  const socket = new WebSocket(server.url.replace('http', 'ws') + target, { perMessageDeflate: true });
  await once(socket, 'open');
  expect(socket.extensions).toBe('');
  socket.terminate();
});
