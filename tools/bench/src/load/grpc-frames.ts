/*
 * As much of HTTP/2 (RFC 9113) and gRPC as one unary call at a time needs. A client from the shelf costs 50 to 100 µs
 * of the two cores that are measured, which would be charged to the system that is called through it.
 */

export const frameTypes = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7 } as const;
const windowUpdate = 8;

export const flags = { ack: 1, endStream: 1, endHeaders: 4 } as const;

/** What a server takes in one frame before it has said otherwise. */
const maxFrameBytes = 16_384;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function encodeFrame(type: number, flag: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The largest window that HTTP/2 has: answers are small, and no stream ever waits for room. */
export function encodePreface(): Buffer {
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(2, 0); // ENABLE_PUSH
  settings.writeUInt32BE(0, 2);
  settings.writeUInt16BE(4, 6); // INITIAL_WINDOW_SIZE
  settings.writeUInt32BE(0x7fffffff, 8);
  const increment = Buffer.alloc(4);
  increment.writeUInt32BE(0x7fffffff - 65_535);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    encodeFrame(frameTypes.settings, 0, 0, settings),
    encodeFrame(windowUpdate, 0, 0, increment),
  ]);
}

/** A unary call on stream 1, its message in one frame; `onStream` puts it on another. */
export function encodeCall(path: string, message: Buffer): Buffer {
  if (message.length + 5 > maxFrameBytes)
    throw new RangeError(`a message of ${String(message.length)} bytes`);
  const headers = Buffer.concat(
    [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', '127.0.0.1'],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ].map(([name = '', value = '']) => encodeHeader(name, value)),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([
    encodeFrame(frameTypes.headers, flags.endHeaders, 1, headers),
    encodeFrame(frameTypes.data, flags.endStream, 1, Buffer.concat([prefix, message])),
  ]);
}

/** The same call with another number: the bytes may be shared, so they are copied. */
export function onStream(call: Buffer, stream: number): Buffer {
  const copy = Buffer.from(call);
  copy.writeUInt32BE(stream, 5);
  copy.writeUInt32BE(stream, 9 + copy.readUIntBE(0, 3) + 5);
  return copy;
}

/** A literal of HPACK that neither side remembers (RFC 7541, 6.2.2), both strings shorter than 127 bytes. */
function encodeHeader(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ]);
}

/** Frames as they come in whatever pieces. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (this.#held.length >= 9) {
      const end = 9 + this.#held.readUIntBE(0, 3);
      if (this.#held.length < end) return;
      const held = this.#held;
      this.#held = held.subarray(end);
      onFrame({
        type: held[3] ?? 0,
        flags: held[4] ?? 0,
        stream: held.readUInt32BE(5) & 0x7fffffff,
        payload: held.subarray(9, end),
      });
    }
  }
}
