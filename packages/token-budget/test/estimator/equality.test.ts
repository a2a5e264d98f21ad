import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodingNamed } from '../../src/estimator/bpe/encoding.js';
import { ENCODINGS } from '../../src/estimator/bpe/vocabulary.js';
import { oracle } from './oracle.js';
import { prose } from './texts.js';

/** What texts are made of, with each alternative of each pattern, and the seams between them. */
const fragments = [
  ...[' ', '  ', '\n', '\r\n', '\t', ' \n ', '\u0085', '\ufeff', '\u00a0', '\u3000', '\u2028', '\v'],
  ...['a', 'B', 'Word', ' word', 'HTML', 'getHTTPResponse', 'don', "'s", "'S", "'ll", "'RE", "'ſ", '’s', "'"],
  ...['1', '123456', '٣', 'ⅷ', '²', '３'],
  ...['!', '...', '/', '//', '\n/', '_', '=', '==========', '"', '{', '}', ':', '`', '```', '<|endoftext|>'],
  ...[
    'é',
    'e\u0301',
    '\u0301',
    'ß',
    'İ',
    'ǅ',
    'ʰ',
    'Ａ',
    'ᾈ',
    '漢',
    '字',
    '中文',
    '한국',
    'ไทย',
    'हिन्दी',
    'العربية',
  ],
  ...['😀', '👩‍👧', '🏽', '❤️', '\ud800', '\udc00', '\0', '\u200d'],
];

/** Characters whose class is the same in every Unicode version of the last ten years. */
const settled = fc.oneof(
  fc.integer({ min: 0, max: 0x24f }),
  fc.integer({ min: 0x3a3, max: 0x481 }),
  fc.integer({ min: 0x4e00, max: 0x9fa5 }),
  fc.integer({ min: 0xac00, max: 0xd7a3 }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
  fc.integer({ min: 0x1f600, max: 0x1f64f }),
  fc.integer({ min: 0x20000, max: 0x2a6d6 }),
);

const mixed = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...fragments) }, settled.map(String.fromCodePoint)),
    {
      maxLength: 24,
    },
  )
  .map((pieces) => pieces.join(''));

/** Pieces without a break, far longer than a merging window. */
const long = fc
  .tuple(
    fc.constantFrom(
      'ab',
      'aeiou',
      'etaoinshrdlu',
      'ไทยกขคงจ',
      '漢字中文测试',
      '-=',
      '=',
      '^',
      '😀😁👍',
      ' \t',
      '$%&',
      'é',
    ),
    fc.array(fc.tuple(fc.nat(100), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }))), {
      minLength: 200,
      maxLength: 900,
    }),
  )
  .map(([alphabet, runs]) => {
    const letters = [...alphabet];
    return runs.map(([letter, times]) => (letters[letter % letters.length] ?? '').repeat(times)).join('');
  });

describe.each(['o200k_base', 'cl100k_base'] as const)('%s counts what tiktoken encodes', (name) => {
  const encoding = encodingNamed(name);
  const truth = oracle(name);

  test.each(Object.entries(prose))('in %s', (_language, text) => {
    expect(encoding.count(text)).toBe(truth(text));
  });

  test('in random text', () => {
    fc.assert(
      fc.property(mixed, (text) => encoding.count(text) === truth(text)),
      { numRuns: 600 },
    );
  });

  test('in pieces longer than a merging window, and never less', () => {
    let exact = 0;
    let all = 0;
    fc.assert(
      fc.property(long, (text) => {
        const counted = encoding.count(text);
        const encoded = truth(text);
        all += 1;
        if (counted === encoded) exact += 1;
        return counted >= encoded && counted <= encoded + Math.ceil(Buffer.byteLength(text) / 256);
      }),
      { numRuns: 60 },
    );
    expect(exact / all).toBeGreaterThan(0.9);
  });
});

test.each(ENCODINGS)('%s counts short texts as tiktoken does', (name) => {
  const encoding = encodingNamed(name);
  const truth = oracle(name);
  fc.assert(
    fc.property(mixed, (text) => encoding.count(text) === truth(text)),
    { numRuns: 200 },
  );
});

test('special tokens are counted as the plain text they are', () => {
  expect(encodingNamed('o200k_base').count('<|endoftext|>')).toBe(oracle('o200k_base')('<|endoftext|>'));
  expect(encodingNamed('o200k_base').count('<|endoftext|>')).toBeGreaterThan(1);
});
