import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { keptBytes } from '../../src/cache/kept-bytes.js';
import { logMessage } from '../../src/message/log-message.js';

describe('bytes that stay', () => {
  test('have the length that was asked for, and no two share a byte', () => {
    const lengths = fc.array(fc.oneof(fc.nat(2_000), fc.nat(200_000)), { maxLength: 200 });
    fc.assert(
      fc.property(lengths, (wanted) => {
        const pieces = wanted.map((length, index) => keptBytes(length).fill(index % 251));
        for (const [index, piece] of pieces.entries()) {
          expect(piece).toHaveLength(wanted[index] ?? -1);
          expect(piece.every((byte) => byte === index % 251)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('a cached message keeps no memory that short-lived buffers share', () => {
    const body = Buffer.from('"role":"user","parts":[]}');
    const shared = Buffer.allocUnsafe(16);
    const { json } = logMessage(1, { role: 'user', tokens: 3, pinned: false, parts: [] }, body);
    expect(Buffer.from(json).toString()).toBe('{"seq":1,"role":"user","parts":[]}');
    expect(json.buffer).not.toBe(shared.buffer);
    expect(json.buffer).not.toBe(body.buffer);
  });
});
