import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** A websocket client that does only what it is told: it answers nothing, not even a close. */
export async function rawWebSocket(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const key = randomBytes(16).toString('base64');
  const more = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more}\r\n`,
  );
  const answer = await firstBytes(socket);
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error('The upgrade was refused.');
  return socket;
}

/** A frame as a client sends it: masked, with a mask of zeros. */
export function clientFrame(opcode: number, payload: Uint8Array, { fin = true, masked = true } = {}): Buffer {
  const { length } = payload;
  const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 0xff] : null;
  if (size === null) throw new Error('Too large for this test.');
  const [first = 0, ...rest] = size;
  const mask = masked ? [0, 0, 0, 0] : [];
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | first, ...rest, ...mask]),
    payload,
  ]);
}

/** An event stream whose connection can be left unread. */
export async function rawEventStream(url: string, target: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n`);
  const answer = await firstBytes(socket);
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error('The stream was refused.');
  return socket;
}

/** What comes first, or nothing where the server closes without a word. */
function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
    socket.once('close', () => resolve(''));
  });
}
