import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FILE_TOKENS, MESSAGE_OVERHEAD_TOKENS, createEstimator } from '../../src/index.js';
import { png } from './images.js';

const estimator = createEstimator('tiktoken:o200k_base');
const tokens = (text: string): number => estimator.countText(text);
const ofPart = (part: unknown): number =>
  estimator.countMessage({ role: 'assistant', parts: [part] }).parts[0] ?? -1;
const json = (value: unknown): number => tokens(JSON.stringify(value));

const input = { city: 'Berlin', days: 3, units: ['metric'] };
const output = { forecast: [{ day: 1, high: 21.5 }], note: 'mostly dry "so far"\n' };

test('the total is the overhead and the parts', () => {
  const parts = [
    { type: 'text', text: 'Hello there' },
    { type: 'step-start' },
    { type: 'reasoning', text: 'Hm.' },
  ];
  expect(estimator.countMessage({ role: 'user', parts, metadata: { long: 'metadata'.repeat(100) } })).toEqual(
    {
      total: MESSAGE_OVERHEAD_TOKENS + tokens('Hello there') + tokens('Hm.'),
      parts: [tokens('Hello there'), 0, tokens('Hm.')],
    },
  );
  expect(estimator.countMessage({ role: 'user', parts: [] })).toEqual({
    total: MESSAGE_OVERHEAD_TOKENS,
    parts: [],
  });
});

describe('parts that reach the model as text count as that text', () => {
  test.each([
    [
      'text',
      { type: 'text', text: 'Good morning', state: 'done', providerMetadata: { a: 1 } },
      'Good morning',
    ],
    ['reasoning', { type: 'reasoning', text: 'Let me think', signature: 'c2ln'.repeat(50) }, 'Let me think'],
    [
      'thinking',
      { type: 'thinking', thinking: 'Let me think', signature: 'c2ln'.repeat(50) },
      'Let me think',
    ],
    ['input_text', { type: 'input_text', text: 'Hi' }, 'Hi'],
    ['output_text', { type: 'output_text', text: 'Hi', annotations: [] }, 'Hi'],
    ['refusal', { type: 'refusal', refusal: 'I cannot do that' }, 'I cannot do that'],
    ['an unknown type with a text', { type: 'acme-note', text: 'Remember the milk' }, 'Remember the milk'],
  ])('%s', (_name, part, text) => {
    expect(ofPart(part)).toBe(tokens(text));
  });
});

test.each(['source-url', 'source-document', 'step-start', 'data-weather'])(
  '%s does not reach the model: 0',
  (type) => {
    expect(ofPart({ type, url: 'https://example.com', title: 'Example', data: { a: 'b' } })).toBe(0);
  },
);

describe('tool parts count their input and output as compact JSON', () => {
  const call = json(input);
  const result = json(output);
  test.each([
    [
      'AI SDK tool-NAME',
      { type: 'tool-weather', toolCallId: 'c', state: 'output-available', input, output },
      call + result,
    ],
    [
      'AI SDK dynamic-tool',
      { type: 'dynamic-tool', toolName: 'w', toolCallId: 'c', input, output },
      call + result,
    ],
    [
      'AI SDK error',
      { type: 'tool-w', toolCallId: 'c', state: 'output-error', input, errorText: 'Timed out' },
      call + tokens('Timed out'),
    ],
    ['AI SDK without input yet', { type: 'tool-w', toolCallId: 'c', state: 'input-streaming' }, 0],
    ['AI SDK tool-call', { type: 'tool-call', toolCallId: 'c', toolName: 'w', input }, call],
    ['AI SDK tool-result', { type: 'tool-result', toolCallId: 'c', toolName: 'w', output }, result],
    [
      'AI SDK 4',
      { type: 'tool-invocation', toolInvocation: { state: 'result', args: input, result: output } },
      call + result,
    ],
    ['Anthropic tool_use', { type: 'tool_use', id: 't', name: 'w', input }, call],
    [
      'Anthropic tool_result',
      { type: 'tool_result', tool_use_id: 't', content: 'It is dry.' },
      tokens('It is dry.'),
    ],
    [
      'OpenAI tool_call',
      { type: 'tool_call', id: 'c', function: { name: 'w', arguments: JSON.stringify(input) } },
      call,
    ],
    [
      'OpenAI function_call',
      { type: 'function_call', call_id: 'c', name: 'w', arguments: JSON.stringify(input) },
      call,
    ],
    ['OpenAI output', { type: 'function_call_output', call_id: 'c', output: JSON.stringify(output) }, result],
    ['Gemini', { type: 'functionCall', functionCall: { name: 'w', args: input } }, call],
  ])('%s', (_name, part, expected) => {
    expect(ofPart(part)).toBe(expected);
  });

  test('a screenshot in an output counts as an image, not as text', () => {
    const data = png(1024, 1024, 300_000).toString('base64');
    for (const content of [
      [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }],
      { type: 'content', value: [{ type: 'media', mediaType: 'image/png', data }] },
      { content: [{ type: 'image', data, mimeType: 'image/png' }] },
      { screenshot: `data:image/png;base64,${data}` },
      `data:image/png;base64,${data}`,
    ]) {
      const counted = ofPart({ type: 'tool-browse', toolCallId: 'c', input: {}, output: content });
      expect(counted).toBeGreaterThanOrEqual(765);
      expect(counted).toBeLessThan(830);
    }
  });
});

describe('unknown parts count their compact JSON', () => {
  test('without signatures, metadata and base64', () => {
    const part = { type: 'acme-card', title: 'Invoice', lines: [{ sku: 'A-1', n: 2 }] };
    expect(ofPart(part)).toBe(json(part));
    expect(
      ofPart({ ...part, providerMetadata: { x: 'y'.repeat(500) }, encrypted_content: 'z'.repeat(500) }),
    ).toBe(json(part));
    const audio = { type: 'acme-audio', mediaType: 'audio/wav', data: 'UklGRg'.repeat(20_000) };
    expect(ofPart(audio)).toBe(json({ ...audio, data: '' }) + FILE_TOKENS);
  });

  test('plain data beside a media type is text if it is no base64', () => {
    const part = { type: 'acme-note', mimeType: 'text/markdown', data: '# Not base64, but *text*' };
    expect(ofPart(part)).toBe(json(part));
  });
});

describe('nothing JSON-shaped makes counting throw', () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 'bottom';
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { content: value };
    return value;
  };

  test('deep nesting', () => {
    const counted = ofPart({
      type: 'tool-deep',
      toolCallId: 'c',
      input: nested(100_000),
      output: nested(50),
    });
    expect(counted).toBeGreaterThan(10_000);
    expect(ofPart(nested(100_000))).toBeGreaterThan(10_000);
    let wrapped: unknown = { arguments: 'x' };
    for (let level = 0; level < 100_000; level += 1) wrapped = { type: 'tool_call', function: wrapped };
    expect(ofPart(wrapped)).toBeGreaterThanOrEqual(0);
  });

  test('what is too deep for JSON.stringify counts as its JSON all the same', () => {
    const levels = 50_000;
    let value: unknown = { text: 'a "b"', number: 1.5, nothing: null, yes: true, list: [1, [], {}] };
    const bottom = JSON.stringify(value);
    for (let level = 0; level < levels; level += 1) value = [value];
    const text = '['.repeat(levels) + bottom + ']'.repeat(levels);
    expect(ofPart({ type: 'tool-deep', toolCallId: 'c', input: value })).toBe(tokens(text));
  });

  test('__proto__ keys', () => {
    const part: unknown = JSON.parse(
      '{"type":"acme","__proto__":{"text":"polluted"},"constructor":1,"toJSON":2}',
    );
    expect(ofPart(part)).toBe(json(part));
    expect(({} as Record<string, unknown>)['text']).toBeUndefined();
  });

  test.each([
    ['null', null],
    ['a number', 7],
    ['an array', []],
    ['no type', { text: 'x' }],
    ['a type that is no string', { type: 7 }],
    ['a text that is no string', { type: 'text', text: { a: 1 } }],
    ['a file without anything', { type: 'file' }],
    ['a file of wrong types', { type: 'file', mediaType: 7, url: ['x'], data: {} }],
    ['an image whose source is null', { type: 'image', source: null, image_url: 7 }],
    ['a broken data URL', { type: 'file', mediaType: 'text/plain', url: 'data:text/plain,%E0%A4%A' }],
    ['a data URL without a comma', { type: 'file', url: 'data:;base64' }],
    ['a tool of wrong types', { type: 'tool-x', input: 7, output: null, errorText: [] }],
  ])('%s', (_name, part) => {
    const counted = ofPart(part);
    expect(Number.isInteger(counted)).toBe(true);
    expect(counted).toBeGreaterThanOrEqual(0);
  });

  test.each([null, 7, 'text', [], {}, { parts: null }, { parts: 'text' }])(
    'a message that is %j',
    (message) => {
      expect(estimator.countMessage(message as never)).toEqual({ total: MESSAGE_OVERHEAD_TOKENS, parts: [] });
    },
  );

  test('any JSON, in a part of any type', () => {
    const types = [
      'text',
      'tool-x',
      'dynamic-tool',
      'tool_result',
      'file',
      'image',
      'image_url',
      'document',
      'acme',
    ];
    const keys = [
      'text',
      'input',
      'output',
      'url',
      'source',
      'data',
      'mediaType',
      'content',
      'image_url',
      'file',
    ];
    const part = fc.tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (drawn) => {
        const parts = drawn.map(([type, members]) => ({ type, ...members }));
        const counted = estimator.countMessage({ role: 'user', parts });
        const sum = counted.parts.reduce((all, one) => all + one, MESSAGE_OVERHEAD_TOKENS);
        return (
          counted.parts.length === parts.length &&
          counted.parts.every((one) => one >= 0) &&
          counted.total === sum
        );
      }),
      { numRuns: 200 },
    );
  });
});
