import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toAnthropicMessages, toOpenAIMessages, type MessageInput } from '../../src/index.js';
import { missingBeginning } from '../../src/formats/anthropic.js';
import { histories, textsOf } from './histories.js';
import { anthropicTexts, anthropicViolations, openAITexts, openAIViolations } from './provider-rules.js';

const text = (words: string) => ({ type: 'text', text: words });
const user = (words: string): MessageInput => ({ role: 'user', parts: [text(words)] });

const weather: MessageInput = {
  role: 'assistant',
  parts: [
    { type: 'step-start' },
    { type: 'reasoning', text: 'I look it up.', providerMetadata: { anthropic: { signature: 'c2ln' } } },
    text('One moment.'),
    {
      type: 'tool-weather',
      toolCallId: 'call-1',
      state: 'output-available',
      input: { city: 'Bergen' },
      output: { sky: 'rain' },
    },
    {
      type: 'dynamic-tool',
      toolName: 'map',
      toolCallId: 'call.2',
      state: 'output-error',
      input: {},
      errorText: 'No map.',
    },
    { type: 'step-start' },
    text('It rains.'),
  ],
};

describe('the AI SDK’s messages', () => {
  const messages = [
    { role: 'system', parts: [text('Be brief.')] },
    user('Weather?'),
    weather,
    user('Thanks'),
  ];

  test('for OpenAI: one assistant message a step, each call followed by its result', () => {
    expect(toOpenAIMessages(messages)).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: 'One moment.',
        tool_calls: [
          { id: 'call-1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bergen"}' } },
          { id: 'call.2', type: 'function', function: { name: 'map', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call-1', content: '{"sky":"rain"}' },
      { role: 'tool', tool_call_id: 'call.2', content: 'No map.' },
      { role: 'assistant', content: 'It rains.' },
      { role: 'user', content: 'Thanks' },
    ]);
  });

  test('for Anthropic: signed thinking as it came, results first in the message after their calls', () => {
    expect(toAnthropicMessages(messages)).toEqual({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [text('Weather?')] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'I look it up.', signature: 'c2ln' },
            text('One moment.'),
            { type: 'tool_use', id: 'call-1', name: 'weather', input: { city: 'Bergen' } },
            { type: 'tool_use', id: 'call_2', name: 'map', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call-1', content: '{"sky":"rain"}' },
            { type: 'tool_result', tool_use_id: 'call_2', content: 'No map.', is_error: true },
          ],
        },
        { role: 'assistant', content: [text('It rains.')] },
        { role: 'user', content: [text('Thanks')] },
      ],
    });
  });

  test('what was said after a result is another step, also where none was marked', () => {
    const parts = weather.parts.filter(({ type }) => type !== 'step-start');
    expect(toOpenAIMessages([user('Weather?'), { role: 'assistant', parts }])).toEqual(
      toOpenAIMessages([user('Weather?'), weather]),
    );
  });

  test('a call without a result is left out, and a message that was nothing else', () => {
    const open = { type: 'tool-weather', toolCallId: 'c', state: 'input-available', input: {} };
    const answer = { role: 'assistant', parts: [{ type: 'reasoning', text: 'Hm' }, open] };
    expect(toOpenAIMessages([user('a'), answer, user('b')])).toEqual([
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
    ]);
    expect(toAnthropicMessages([user('a'), answer, user('b')])).toEqual({
      messages: [{ role: 'user', content: [text('a'), text('b')] }],
    });
  });
});

describe('split messages', () => {
  const split: MessageInput[] = [
    user('Weather?'),
    {
      role: 'assistant',
      parts: [{ type: 'function_call', call_id: 'a', name: 'weather', arguments: '{"city":"Oslo"}' }],
    },
    { role: 'assistant', parts: [text('Still looking.')] },
    user('Hurry up.'),
    { role: 'tool', parts: [{ type: 'function_call_output', call_id: 'a', output: 'sun' }] },
    { role: 'tool', parts: [{ type: 'text', text: 'nobody asked', tool_call_id: 'other' }] },
  ];

  test('a result moves behind its call, whatever stands between; one without a call goes', () => {
    expect(toOpenAIMessages(split)).toEqual([
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
      { role: 'assistant', content: 'Still looking.' },
      { role: 'user', content: 'Hurry up.' },
    ]);
    expect(anthropicViolations(toAnthropicMessages(split))).toEqual([]);
  });

  test('an id that comes again in a later turn is another call', () => {
    const round = (city: string): MessageInput[] => [
      user(`${city}?`),
      { role: 'assistant', parts: [{ type: 'tool_use', id: 'call_0', name: 'weather', input: { city } }] },
      { role: 'user', parts: [{ type: 'tool_result', tool_use_id: 'call_0', content: `${city}: sun` }] },
    ];
    const { messages } = toAnthropicMessages([...round('Oslo'), ...round('Rome')]);
    const results = messages.flatMap(({ content }) => content.filter(({ type }) => type === 'tool_result'));
    expect(results).toMatchObject([{ content: 'Oslo: sun' }, { content: 'Rome: sun' }]);
  });
});

describe('files', () => {
  const parts = [
    text('See'),
    { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    {
      type: 'file',
      mediaType: 'application/pdf',
      url: 'data:application/pdf;base64,BBBB',
      filename: 'a.pdf',
    },
    {
      type: 'file',
      mediaType: 'text/plain',
      url: 'data:text/plain;charset=utf-8,h%C3%A4',
      filename: 'a.txt',
    },
    { type: 'file', mediaType: 'audio/mpeg', url: 'data:audio/mpeg;base64,CCCC' },
    { type: 'file', mediaType: 'video/mp4', url: 'https://example.com/a.mp4', filename: 'a.mp4' },
  ];

  test('for OpenAI', () => {
    expect(toOpenAIMessages([{ role: 'user', parts }])).toEqual([
      {
        role: 'user',
        content: [
          text('See'),
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
          text('[file: a.txt (text/plain)]'),
          { type: 'input_audio', input_audio: { data: 'CCCC', format: 'mp3' } },
          text('[file: a.mp4 (video/mp4)]'),
        ],
      },
    ]);
  });

  test('for Anthropic', () => {
    expect(toAnthropicMessages([{ role: 'user', parts }]).messages[0]?.content).toEqual([
      text('See'),
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hä' }, title: 'a.txt' },
      text('[file: unnamed (audio/mpeg)]'),
      text('[file: a.mp4 (video/mp4)]'),
    ]);
  });
});

describe('of every history', () => {
  test('what comes out for OpenAI keeps its rules, and every text in its order', () => {
    fc.assert(
      fc.property(histories, (messages) => {
        const converted = toOpenAIMessages(messages);
        expect(openAIViolations(converted)).toEqual([]);
        let from = 0;
        const all = openAITexts(converted);
        for (const words of textsOf(messages)) {
          const at = all.indexOf(words, from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + words.length;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('what comes out for Anthropic keeps its rules, and every text in its order', () => {
    fc.assert(
      fc.property(histories, (messages) => {
        const converted = toAnthropicMessages(messages);
        expect(anthropicViolations(converted)).toEqual([]);
        const texts = anthropicTexts(converted).filter((words) => !words.startsWith('[file:'));
        expect(texts).toEqual(textsOf(messages));
      }),
      { numRuns: 200 },
    );
  });

  test('the input is not touched', () => {
    fc.assert(
      fc.property(histories, (messages) => {
        const before = JSON.stringify(messages);
        toOpenAIMessages(messages);
        toAnthropicMessages(messages);
        expect(JSON.stringify(messages)).toBe(before);
      }),
    );
  });

  test('also of a torn one, which begins anywhere, the rules are kept', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (messages, from) => {
        const torn = messages.slice(from % messages.length);
        expect(openAIViolations(toOpenAIMessages(torn))).toEqual([]);
        const converted = toAnthropicMessages(torn);
        expect(anthropicViolations(converted)).toEqual([]);
        const begins = toOpenAIMessages(torn).find(({ role }) => role !== 'system')?.role;
        if (begins === 'assistant') expect(anthropicTexts(converted)[0]).toBe(missingBeginning);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the address of a file', () => {
  const file = (url: string, mediaType?: string): MessageInput => ({
    role: 'user',
    parts: [{ type: 'file', url, ...(mediaType === undefined ? {} : { mediaType }) }],
  });

  test.each([
    ['data:application/pdf,100%', '100%'],
    ['data:application/pdf,%25PDF%zz', '%PDF%zz'],
    ['data:application/pdf,%FF%00é', '\u00ff\u0000\u00c3\u00a9'],
    ['data:application/pdf;base64,YWJj', 'abc'],
  ])('%s holds its bytes, whatever is escaped in it', (url, bytes) => {
    const { messages } = toAnthropicMessages([file(url)]);
    expect(messages).toMatchObject([{ content: [{ source: { type: 'base64', data: btoa(bytes) } }] }]);
    expect(() => toOpenAIMessages([file(url)])).not.toThrow();
  });

  test('that is no Base64 though it says so becomes a note, and ends no conversion', () => {
    const { messages } = toAnthropicMessages([file('data:text/plain;base64,%%%', 'text/plain')]);
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: '[file: unnamed (text/plain)]' }] },
    ]);
  });

  test('that is text of no type is no image', () => {
    const { messages } = toAnthropicMessages([file('data:,hello')]);
    expect(messages).toMatchObject([{ content: [{ source: { type: 'text', data: 'hello' } }] }]);
  });
});
