/** Writes big-endian values into a buffer that grows. */
export class ByteWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(initialBytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(64, initialBytes));
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#buffer.writeUInt16BE(value, this.#at);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#buffer.writeUInt32BE(value, this.#at);
    this.#at += 4;
  }

  /** Any non-negative safe integer, in eight bytes. */
  u53(value: number): void {
    this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), this.#at);
    this.#buffer.writeUInt32BE(value >>> 0, this.#at + 4);
    this.#at += 8;
  }

  /** Up to 1,020 bytes of UTF-8: an id of 255 characters. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.u16(bytes);
    this.#reserve(bytes);
    this.#buffer.write(value, this.#at);
    this.#at += bytes;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** What was written, as a view. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
