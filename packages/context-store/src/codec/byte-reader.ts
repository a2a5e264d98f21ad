/** The bytes are not what their writer would have written. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads what `ByteWriter` wrote. Throws `MalformedError` on anything else, and nothing but that. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new MalformedError('The record ends too early.');
    this.#at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        // One encoding per number: replicas compare bytes, so 0x80 0x00 must not pass for 0x00.
        if (!Number.isSafeInteger(value) || (byte === 0 && length > 1)) break;
        return value;
      }
      unit *= 0x80;
    }
    throw new MalformedError('A number is longer than it may be.');
  }

  f64(): number {
    const from = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + from, 8).getFloat64(0);
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedError(`A flag is 0 or 1, got ${value}.`);
    return value === 1;
  }

  raw(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  string(): string {
    const bytes = this.bytes();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new MalformedError('A string is not UTF-8.', { cause });
    }
  }

  end(): void {
    if (this.remaining !== 0) throw new MalformedError(`${this.remaining} bytes follow the record.`);
  }

  #take(length: number): number {
    if (length > this.remaining) throw new MalformedError('The record ends too early.');
    const from = this.#at;
    this.#at += length;
    return from;
  }
}
