import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, nodeId, RaftError } from '../../src/index.js';
import { sampleMessages } from '../../src/testing/conformance/sample-messages.js';

const a = nodeId('a');
const b = nodeId('ü'.repeat(255));
const frame = encodeFrame(a, b, sampleMessages(a, b));

/** Decodes, or says that the bytes are refused in the documented way. */
function decode(bytes: Uint8Array): unknown {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof RaftError && error.code === 'invalid_frame') return 'refused';
    throw error;
  }
}

describe('frames', () => {
  test('every message comes back as it was', () => {
    const decoded = decodeFrame(frame);
    expect(decoded.from).toBe(a);
    expect(decoded.to).toBe(b);
    const plain = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)),
        reviveBuffer,
      );
    expect(plain(decoded.messages)).toEqual(plain(sampleMessages(a, b)));
  });

  test('a frame cut short anywhere is refused', () => {
    for (let length = 0; length < frame.length; length += 1) {
      expect(decode(frame.subarray(0, length))).toBe('refused');
    }
  });

  test('a frame with bytes after it, of another version or over the limit is refused', () => {
    expect(decode(Buffer.concat([frame, Buffer.from([0])]))).toBe('refused');
    expect(decode(Buffer.concat([Buffer.from([2]), frame.subarray(1)]))).toBe('refused');
    expect(() => decodeFrame(frame, { maxBytes: 10 })).toThrow('Not a frame');
  });

  test('whatever bytes arrive, they decode or are refused', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { maxLength: 4 }), (flips) => {
        const bytes = Uint8Array.from(frame);
        for (const [at, value] of flips) bytes[at] = value;
        decode(bytes);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decode(bytes);
      }),
    );
  });

  test('a huge count of items is refused before anything is allocated for it', () => {
    const bytes = Buffer.from(encodeFrame(a, a, []));
    bytes.writeUInt32BE(0xffff_ffff, bytes.length - 4);
    expect(decode(bytes)).toBe('refused');
  });

  test('a message of another pair of nodes cannot be put into a frame', () => {
    expect(() => encodeFrame(b, a, sampleMessages(a, b))).toThrow(RangeError);
  });
});

/** `Buffer.toJSON` runs before the replacer sees the bytes. */
function reviveBuffer(_: string, value: unknown): unknown {
  if (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value
  ) {
    return value.data;
  }
  return value;
}
