import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorReply } from '../errors/error-answer.js';

/** Answers an upgrade with an error as every other request gets it, and closes the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = errorReply(error);
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  if (status === 401) lines.push('WWW-Authenticate: Bearer');
  if (status === 503) lines.push('Retry-After: 1');
  // Not the client's to keep half open.
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
