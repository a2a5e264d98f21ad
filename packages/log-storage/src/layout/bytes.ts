import { crc32 } from 'node:zlib';

// Numbers are big-endian so that keys sort by value. 48 bits hold every index, term and sequence
// that a run of centuries produces, and stay exact in a double.

const high = 0x1_0000_0000;

export const maxU48 = 2 ** 48 - 1;

export function putU16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

export function getU16(source: Uint8Array, at: number): number {
  return (byte(source, at) << 8) | byte(source, at + 1);
}

export function putU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

export function getU32(source: Uint8Array, at: number): number {
  return (
    ((byte(source, at) << 24) |
      (byte(source, at + 1) << 16) |
      (byte(source, at + 2) << 8) |
      byte(source, at + 3)) >>>
    0
  );
}

export function putU48(target: Uint8Array, at: number, value: number): void {
  putU16(target, at, (value / high) | 0);
  putU32(target, at + 2, value >>> 0);
}

export function getU48(source: Uint8Array, at: number): number {
  return getU16(source, at) * high + getU32(source, at + 2);
}

/** A byte past the end reads as 0: callers check lengths first. */
function byte(source: Uint8Array, at: number): number {
  return source[at] ?? 0;
}

/** Bytes that a checksum takes at the end of every value. */
export const sealBytes = 4;

/**
 * A value is sealed by the CRC-32 of its key and itself, so that a value under a wrong key shows too.
 * LevelDB checks its blocks on reads only with `verify_checksums`, which classic-level never sets.
 */
export function seal(key: Uint8Array, body: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(body.length + sealBytes);
  value.set(body, 0);
  putU32(value, body.length, crc32(body, crc32(key)));
  return value;
}

/** The body of a sealed value, or null where the seal is broken. */
export function unseal(key: Uint8Array, value: Uint8Array): Uint8Array | null {
  const end = value.length - sealBytes;
  if (end < 0) return null;
  const body = value.subarray(0, end);
  return getU32(value, end) === crc32(body, crc32(key)) ? body : null;
}
