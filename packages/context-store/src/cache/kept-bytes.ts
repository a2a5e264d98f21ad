/** Some hundred messages. */
const slabBytes = 64 << 10;

let slab: Buffer = Buffer.alloc(0);
let used = 0;

/**
 * Memory for bytes that stay for long, uninitialised. Node cuts small buffers out of slabs that all code shares, and what
 * is left of a slab keeps all of it: in them a cached message kept several times its size in bytes that nobody used any more.
 */
export function keptBytes(length: number): Buffer {
  if (length > slabBytes / 8) return Buffer.allocUnsafeSlow(length);
  if (used + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  const from = used;
  used += length;
  return slab.subarray(from, used);
}
