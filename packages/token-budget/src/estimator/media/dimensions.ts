/** Width and height of an image in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the dimensions from the head of a PNG, JPEG, GIF or WebP file; null for anything else, or if the head
 * given is too short. Time does not depend on what the bytes say: the `image-size` library searches a broken
 * JPEG byte by byte for its next marker, which an attacker can make slow.
 */
export function readDimensions(head: Buffer): Dimensions | null {
  const found = readPng(head) ?? readGif(head) ?? readWebp(head) ?? readJpeg(head);
  return found !== null && found.width > 0 && found.height > 0 ? found : null;
}

function readPng(head: Buffer): Dimensions | null {
  if (head.length < 24 || head.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return null;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

function readGif(head: Buffer): Dimensions | null {
  if (head.length < 10 || !/^GIF8[79]a$/.test(head.toString('latin1', 0, 6))) return null;
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

function readWebp(head: Buffer): Dimensions | null {
  if (head.length < 30 || head.toString('latin1', 0, 4) !== 'RIFF') return null;
  switch (head.toString('latin1', 8, 16)) {
    case 'WEBPVP8 ':
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case 'WEBPVP8L': {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'WEBPVP8X':
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return null;
  }
}

/** Walks the segments of a JPEG, each with its length, to the frame header. */
function readJpeg(head: Buffer): Dimensions | null {
  if (head.length < 4 || head.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= head.length && head[at] === 0xff) {
    const marker = head[at + 1] as number;
    if (isFrameHeader(marker)) return { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
    // A marker may be padded with any number of 0xff.
    at += marker === 0xff ? 1 : 2 + Math.max(2, head.readUInt16BE(at + 2));
  }
  return null;
}

/** SOF0 to SOF15, without the tables (DHT, DAC) and the reserved one between them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
