import { describe, expect, test } from '@jest/globals';
import { DEFAULT_IMAGE_TOKENS, FILE_TOKENS, createEstimator } from '../../src/index.js';
import { readDimensions } from '../../src/estimator/media/dimensions.js';
import { imageTokens } from '../../src/estimator/media/image.js';
import { gif, jpeg, png, webp } from './images.js';

const estimator = createEstimator('tiktoken:o200k_base');
const ofPart = (part: unknown): number =>
  estimator.countMessage({ role: 'user', parts: [part] }).parts[0] ?? -1;
const dataUrl = (mediaType: string, bytes: Buffer): string =>
  `data:${mediaType};base64,${bytes.toString('base64')}`;

describe('an image costs the tiles of gpt-4o', () => {
  test.each([
    [1024, 1024, 765],
    [2048, 4096, 1105],
    [4096, 8192, 1105],
    [512, 512, 255],
    [1, 1, 255],
    [513, 512, 425],
    [768, 768, 765],
    [10_000, 10, 765],
    [65_535, 65_535, 765],
  ])('%i × %i: %i', (width, height, expected) => {
    expect(imageTokens({ width, height })).toBe(expected);
  });
});

describe('dimensions are read from the head', () => {
  test.each([
    ['PNG', png(1920, 1080)],
    ['GIF', gif(1920, 1080)],
    ['JPEG', jpeg(1920, 1080)],
    ['JPEG with the largest EXIF block', jpeg(1920, 1080, 65_000)],
    ['WebP lossy', webp('VP8 ', 1920, 1080)],
    ['WebP lossless', webp('VP8L', 1920, 1080)],
    ['WebP extended', webp('VP8X', 1920, 1080)],
  ])('%s', (_name, file) => {
    expect(readDimensions(file)).toEqual({ width: 1920, height: 1080 });
    expect(ofPart({ type: 'file', mediaType: 'image/*', url: dataUrl('image/any', file) })).toBe(1105);
    for (let length = 0; length < 30; length += 1)
      expect(readDimensions(file.subarray(0, length)) ?? 'none').toBeTruthy();
  });

  test('and nothing is made of what is no image', () => {
    for (const file of [Buffer.alloc(0), Buffer.from('not an image at all, but long enough for a head')]) {
      expect(readDimensions(file)).toBeNull();
    }
    expect(readDimensions(png(0, 100))).toBeNull();
    expect(
      readDimensions(Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(200_000, 0xff)])),
    ).toBeNull();
  });
});

describe('every shape of an image part', () => {
  const file = png(512, 512, 200_000);
  const base64 = file.toString('base64');
  const url = dataUrl('image/png', file);
  test.each([
    ['AI SDK file', { type: 'file', mediaType: 'image/png', url }],
    ['AI SDK file without a media type', { type: 'file', url }],
    ['AI SDK model message', { type: 'image', image: base64, mediaType: 'image/png' }],
    ['AI SDK model file', { type: 'file', data: base64, mediaType: 'image/png' }],
    ['OpenAI image_url', { type: 'image_url', image_url: { url } }],
    ['OpenAI image_url as a string', { type: 'image_url', image_url: url }],
    ['OpenAI input_image', { type: 'input_image', image_url: url, detail: 'auto' }],
    ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }],
  ])('%s', (_name, part) => {
    expect(ofPart(part)).toBe(255);
  });

  test.each([
    ['AI SDK', { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' }],
    ['OpenAI', { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
    ['OpenAI file id', { type: 'input_image', file_id: 'file-1' }],
    ['Anthropic', { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }],
    ['unreadable', { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' }],
    ['SVG', { type: 'file', url: 'data:image/svg+xml,<svg/>' }],
  ])('without dimensions: %s', (_name, part) => {
    expect(ofPart(part)).toBe(DEFAULT_IMAGE_TOKENS);
  });

  test('detail low is 85', () => {
    expect(ofPart({ type: 'image_url', image_url: { url, detail: 'low' } })).toBe(85);
    expect(ofPart({ type: 'input_image', image_url: url, detail: 'low' })).toBe(85);
  });
});

describe('files', () => {
  const text = 'Größe,Wert\n1,2\n'.repeat(40);
  const base64 = Buffer.from(text).toString('base64');
  test.each([
    ['a text file', { type: 'file', mediaType: 'text/csv', url: `data:text/csv;base64,${base64}` }],
    ['with parameters', { type: 'file', url: `data:Text/CSV;charset=utf-8;base64,${base64}` }],
    [
      'percent-encoded',
      { type: 'file', mediaType: 'text/csv', url: `data:text/csv,${encodeURIComponent(text)}` },
    ],
    ['bare base64', { type: 'file', mediaType: 'application/json', data: base64 }],
    [
      'OpenAI input_file',
      { type: 'input_file', filename: 'a.csv', file_data: `data:text/csv;base64,${base64}` },
    ],
    [
      'OpenAI file',
      { type: 'file', file: { filename: 'a.csv', file_data: `data:text/csv;base64,${base64}` } },
    ],
    ['Anthropic text', { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } }],
    [
      'Anthropic base64',
      { type: 'document', source: { type: 'base64', media_type: 'text/plain', data: base64 } },
    ],
  ])('of text count as their text: %s', (_name, part) => {
    expect(ofPart(part)).toBe(estimator.countText(text));
  });

  test.each([
    [
      'a PDF',
      { type: 'file', mediaType: 'application/pdf', url: dataUrl('application/pdf', Buffer.alloc(90_000)) },
    ],
    ['a remote text', { type: 'file', mediaType: 'text/plain', url: 'https://example.com/a.txt' }],
    ['an id', { type: 'input_file', file_id: 'file-1' }],
    [
      'a file of reasoning',
      { type: 'reasoning-file', mediaType: 'audio/mp3', url: 'https://example.com/a.mp3' },
    ],
    [
      'Anthropic PDF',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
    ],
  ])('of anything else cost a flat number: %s', (_name, part) => {
    expect(ofPart(part)).toBe(FILE_TOKENS);
  });
});
