/**
 * Builds a binary record front to back in one buffer that doubles when full. Integers are unsigned:
 * `varint` is LEB128 up to 2^53 - 1; fixed widths are big-endian, so that keys sort by number.
 */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`A varint is a non-negative safe integer, got ${value}.`);
    }
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      // Not a shift: shifts cut to 32 bits.
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  f64(value: number): this {
    this.#reserve(8);
    this.#buffer.writeDoubleBE(value, this.#length);
    this.#length += 8;
    return this;
  }

  /** The bytes as they are, without a length. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A length and the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** A length in bytes and the string in UTF-8. */
  string(text: string): this {
    const length = Buffer.byteLength(text);
    return this.varint(length).text(text, length);
  }

  /** The string in UTF-8, which has `length` bytes. */
  text(text: string, length: number): this {
    this.#reserve(length);
    this.#buffer.write(text, this.#length);
    this.#length += length;
    return this;
  }

  /** The record. The writer must not be used afterwards: the bytes are not copied. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
