import { expect, test } from '@jest/globals';
import { crc32c, unmask } from '../../src/audit/crc32c.js';

test('the vectors of RFC 3720, appendix B.4', () => {
  const of = (bytes: Uint8Array): number => crc32c(bytes, 0, bytes.length);
  expect(of(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(of(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(of(Uint8Array.from({ length: 32 }, (_, n) => n))).toBe(0x46dd794e);
  expect(of(Uint8Array.from({ length: 32 }, (_, n) => 31 - n))).toBe(0x113fdb5c);
  expect(of(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('a part of an array, whatever its length and alignment', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, n) => (n * 37) & 0xff);
  for (let from = 0; from < 20; from += 1) {
    for (let to = from; to < 64; to += 1) {
      const part = bytes.slice(from, to);
      expect(crc32c(bytes, from, to)).toBe(crc32c(part, 0, part.length));
    }
  }
});

test("LevelDB's mask is taken off (util/crc32c_test.cc)", () => {
  const crc = crc32c(Buffer.from('foo'), 0, 3);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  expect(masked).not.toBe(crc);
  expect(unmask(masked)).toBe(crc);
});
