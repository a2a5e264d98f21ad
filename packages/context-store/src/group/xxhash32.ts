const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const round = (lane: number, input: number): number =>
  Math.imul(rotateLeft((lane + Math.imul(input, prime2)) | 0, 13), prime1);

/**
 * XXH32 with seed 0, of the bytes of an ASCII string.
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 * @returns an integer from 0 to 2^32 - 1
 */
export function xxhash32(ascii: string): number {
  const length = ascii.length;
  const word = (at: number): number =>
    ascii.charCodeAt(at) |
    (ascii.charCodeAt(at + 1) << 8) |
    (ascii.charCodeAt(at + 2) << 16) |
    (ascii.charCodeAt(at + 3) << 24);
  let at = 0;
  let hash = prime5;
  if (length >= 16) {
    let lane1 = (prime1 + prime2) | 0;
    let lane2 = prime2 | 0;
    let lane3 = 0;
    let lane4 = -prime1 | 0;
    for (; at <= length - 16; at += 16) {
      lane1 = round(lane1, word(at));
      lane2 = round(lane2, word(at + 4));
      lane3 = round(lane3, word(at + 8));
      lane4 = round(lane4, word(at + 12));
    }
    hash = rotateLeft(lane1, 1) + rotateLeft(lane2, 7) + rotateLeft(lane3, 12) + rotateLeft(lane4, 18);
  }
  hash = (hash + length) | 0;
  for (; at <= length - 4; at += 4) {
    hash = Math.imul(rotateLeft((hash + Math.imul(word(at), prime3)) | 0, 17), prime4);
  }
  for (; at < length; at += 1) {
    hash = Math.imul(rotateLeft((hash + Math.imul(ascii.charCodeAt(at), prime5)) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
