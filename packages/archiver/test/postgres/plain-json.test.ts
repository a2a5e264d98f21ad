import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maybeNotPlain, plainJson, plainText } from '../../src/postgres/plain-json.js';

/** Any JSON text, with characters escaped that need not be. */
const json = fc
  .tuple(fc.jsonValue(), fc.constantFrom('\u0000', '\ud83d', '\ude00', '\ud83d\ude00', '"', '\\', 'u0000'))
  .map(([value, text]) => JSON.stringify({ [text]: [value, text, `${text}${text}`] }));

describe('JSON for jsonb', () => {
  test('stays JSON, without what jsonb refuses, and means the same but for that', () => {
    fc.assert(
      fc.property(json, (text) => {
        const plain = plainJson(text);
        const expected: unknown = JSON.parse(text, (_, value: unknown) =>
          typeof value === 'string' ? plainText(value) : value,
        );
        const found: unknown = JSON.parse(plain);
        expect(JSON.stringify(found).replaceAll('\\u0000', '\ufffd')).toBe(JSON.stringify(found));
        if (!text.includes('\\u0000') && !text.includes('\\ud')) expect(found).toEqual(expected);
        if (!maybeNotPlain(Buffer.from(text))) expect(plain).toBe(text);
        expect(plainJson(plain)).toBe(plain);
      }),
    );
  });

  test.each([
    [String.raw`"a\u0000b"`, String.raw`"a\ufffdb"`],
    [String.raw`"a\\u0000b"`, String.raw`"a\\u0000b"`],
    [String.raw`"\\\u0000"`, String.raw`"\\\ufffd"`],
    [String.raw`"\ud83d \uDE00 \ud83d\ude00"`, String.raw`"\ufffd \ufffd \ud83d\ude00"`],
    ['[1e999999,-2.5E-20000,1e20,"1e999999"]', '["1e999999","-2.5E-20000",1e20,"1e999999"]'],
    ['[0.25e-16381,0.25e-16382,1e131071,1e131072]', '[0.25e-16381,"0.25e-16382",1e131071,"1e131072"]'],
  ])('%s becomes %s', (before, after) => {
    expect(plainJson(before)).toBe(after);
  });

  test('takes as many digits as numeric has', () => {
    const digits = '1'.repeat(131_072);
    expect(plainJson(`[-${digits},${digits}1]`)).toBe(`[-${digits},"${digits}1"]`);
  });

  test('is made in time that grows with the text, whatever the text is', () => {
    const length = 4_000_000;
    const [digits, words, escapes] = ['1'.repeat(length), 'a'.repeat(length), '\\n'.repeat(length)];
    const begun = performance.now();
    for (const text of [`[${digits}`, `"${digits}e"`, `"${words}`, `"${words}${words}"`, `"${escapes}"`]) {
      expect(plainJson(`${text},"\\u0000"]`)).toContain('\\ufffd');
    }
    // A number of so many digits took days.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});
