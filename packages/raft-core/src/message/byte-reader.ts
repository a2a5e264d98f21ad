import { RaftError } from '../errors.js';

/** Reads what `ByteWriter` wrote. Every read is checked: the bytes come from a network. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  u53(): number {
    const value = this.u32() * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw invalidFrame('a number beyond 53 bits');
    return value;
  }

  text(): string {
    const length = this.u16();
    const start = this.#take(length);
    return this.#buffer.toString('utf8', start, start + length);
  }

  /** A view of the frame, not a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw invalidFrame(`a flag is 0 or 1, got ${value}`);
    return value === 1;
  }

  /** A count of things that take at least `minBytes` each, so that no count makes a reader allocate more than it got. */
  count(minBytes: number): number {
    const count = this.u32();
    if (count * minBytes > this.remaining) throw invalidFrame(`${count} items do not fit into the frame`);
    return count;
  }

  #take(bytes: number): number {
    if (bytes > this.remaining) throw invalidFrame('it ends too early');
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}

export function invalidFrame(what: string): RaftError {
  return new RaftError('invalid_frame', `Not a frame of this protocol: ${what}. Close the connection.`);
}
