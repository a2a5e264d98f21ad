/** Appends numbers and strings to a buffer that grows. Numbers are unsigned LEB128 up to 2^53 - 1. */
export class ByteWriter {
  #bytes = new Uint8Array(128);
  #length = 0;

  /** Forgets what was written, as after a value that could not be encoded. */
  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** @throws RangeError if `value` is not a safe integer of 0 or more. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`Cannot encode ${value}: not an integer from 0 to 2^53 - 1.`);
    }
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  string(value: string): void {
    const start = this.#length;
    this.uint(value.length);
    this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        this.#wideString(value);
        return;
      }
      this.#bytes[this.#length++] = unit;
    }
  }

  /** A copy of what was written; the writer is empty again. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #wideString(value: string): void {
    const encoded = utf8Encoder.encode(value);
    this.uint(encoded.length);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads back what `ByteWriter` wrote. Past the end it throws a RangeError, never reads a zero. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#offset++];
    if (value === undefined) throw new RangeError('The encoded value ends too early.');
    return value;
  }

  uint(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    let scale = 128;
    for (;;) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) break;
      scale *= 128;
    }
    // Also where it is NaN.
    if (!(value <= Number.MAX_SAFE_INTEGER)) throw new RangeError('The encoded number is too big.');
    return value;
  }

  string(): string {
    const length = this.uint();
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new RangeError('The encoded string ends too early.');
    const start = this.#offset;
    this.#offset = end;
    if (length > 64) return utf8Decoder.decode(this.#bytes.subarray(start, end));
    let text = '';
    for (let i = start; i < end; i++) {
      const unit = this.#bytes[i] ?? 0;
      if (unit > 0x7f) return utf8Decoder.decode(this.#bytes.subarray(start, end));
      text += String.fromCharCode(unit);
    }
    return text;
  }
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();
