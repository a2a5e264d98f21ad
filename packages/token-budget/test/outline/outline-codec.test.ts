import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeOutline, encodeOutline } from '../../src/index.js';
import type { MessageOutline, PartOutline } from '../../src/index.js';

const number = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat());
const string = fc.oneof(
  fc.constantFrom('text', 'tool_use', 'tool-weather', ''),
  fc.string({ unit: 'grapheme' }),
);

const part = fc
  .record({
    kind: fc.constantFrom('text', 'tool', 'reasoning', 'file', 'source', 'data', 'step', 'other'),
    type: string,
    tokens: number,
    gap: fc.nat(1000),
    length: fc.nat(100_000),
    link: fc.constantFrom('none', 'call', 'result', 'open'),
    callId: string,
    pinned: fc.boolean(),
    blank: fc.boolean(),
  })
  .map((each) => ({
    ...each,
    callId: each.link === 'call' || each.link === 'result' ? each.callId : '',
  }));

const outline: fc.Arbitrary<MessageOutline> = fc
  .record({
    role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'other'),
    tokens: number,
    pinned: fc.boolean(),
    parts: fc.array(part, { maxLength: 8 }),
  })
  .map((each) => {
    let end = 0;
    const parts = each.parts.map(({ gap, length, ...rest }): PartOutline => {
      const start = end + gap;
      end = start + length;
      return { ...rest, start, end };
    });
    return { ...each, parts };
  });

test('an outline is the same after encoding and decoding, also from inside of a record', () => {
  fc.assert(
    fc.property(outline, fc.uint8Array({ maxLength: 9 }), (value, before) => {
      const bytes = encodeOutline(value);
      expect(decodeOutline(bytes)).toEqual(value);
      const record = new Uint8Array([...before, ...bytes, 1, 2, 3]);
      expect(decodeOutline(record, before.length)).toEqual(value);
    }),
  );
});

test('bytes that end too early throw, and never read as something else', () => {
  fc.assert(
    fc.property(outline, fc.nat(), (value, cut) => {
      const bytes = encodeOutline(value);
      expect(() => decodeOutline(bytes.subarray(0, cut % bytes.length))).toThrow(RangeError);
    }),
  );
});

test('a version of a later release is refused by its number', () => {
  const bytes = encodeOutline({ role: 'user', tokens: 1, pinned: false, parts: [] });
  bytes[0] = 9;
  expect(() => decodeOutline(bytes)).toThrow(/version 9/);
});

test('an outline that cannot be encoded does not spoil the next one', () => {
  const good: MessageOutline = { role: 'user', tokens: 5, pinned: true, parts: [] };
  expect(() => encodeOutline({ ...good, tokens: 1.5 })).toThrow(RangeError);
  expect(decodeOutline(encodeOutline(good))).toEqual(good);
});

test('a message of one text part takes no more than 10 bytes', () => {
  const bytes = encodeOutline({
    role: 'assistant',
    tokens: 120,
    pinned: false,
    parts: [
      {
        kind: 'text',
        type: 'text',
        tokens: 117,
        start: 40,
        end: 540,
        link: 'none',
        callId: '',
        pinned: false,
        blank: false,
      },
    ],
  });
  expect(bytes.length).toBeLessThanOrEqual(10);
});

test('a number that goes on and on throws, and is never read as none', () => {
  // Zeros at places beyond what a double reaches: 0 × Infinity is no number, and compares with nothing.
  const endless = [...new Array<number>(200).fill(0x80), 0];
  expect(() => decodeOutline(Uint8Array.from([1, 1, ...endless, 0]))).toThrow(RangeError);
});
