import { describe, expect, test } from '@jest/globals';
import {
  convertToModelMessages,
  createIdGenerator,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
  validateUIMessages,
  type UIMessage,
} from 'ai';
import { MockLanguageModelV4, convertArrayToReadableStream } from 'ai/test';
import { createClient, toUIMessages } from '../../src/index.js';
import { sharedStoreUrl } from '../shared-store.js';
import { Chat } from './chat.js';

type StreamResult = Awaited<ReturnType<MockLanguageModelV4['doStream']>>;
type Chunk = StreamResult['stream'] extends ReadableStream<infer C> ? C : never;
type ModelCall = MockLanguageModelV4['doStreamCalls'][number];

type Message = UIMessage<{ model: string }>;

const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 20, text: 20, reasoning: 0 },
};
const finish = (unified: 'stop' | 'tool-calls'): Chunk => ({
  type: 'finish',
  usage,
  finishReason: { unified, raw: undefined },
});

const say = (text: string): Chunk[] => [
  { type: 'text-start', id: '1' },
  ...text.split(/(?<= )/).map((delta): Chunk => ({ type: 'text-delta', id: '1', delta })),
  { type: 'text-end', id: '1' },
  finish('stop'),
];

const think: Chunk[] = [
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'The user wants the weather.' },
  { type: 'reasoning-end', id: 'r', providerMetadata: { anthropic: { signature: 'c2lnbmVk' } } },
];

const callWeather: Chunk[] = [
  ...think,
  { type: 'tool-call', toolCallId: 'call-1', toolName: 'weather', input: '{"city":"Bergen"}' },
  finish('tool-calls'),
];

const tools = {
  weather: tool({
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    }),
    execute: ({ city }) => ({ city, sky: 'rain', celsius: 7 }),
  }),
};

describe('a chat route with the AI SDK', () => {
  const client = createClient({ baseUrl: sharedStoreUrl() });

  /** The route of the guide, docs/client.md, with a model that answers by the script. */
  function chatRoute(script: (call: number) => Chunk[]) {
    const calls: ModelCall[] = [];
    const model = new MockLanguageModelV4({
      doStream: (options) => {
        calls.push(options);
        return Promise.resolve({ stream: convertArrayToReadableStream(script(calls.length)) });
      },
    });
    const route = async (request: Request): Promise<Response> => {
      const { id, message } = (await request.json()) as { id: string; message: Message };
      const ctx = await client.context<Message>(id, { budget: 2000 });
      await ctx.append(message);
      const { messages } = await ctx.context();
      // A request that was sent again after its answer was stored.
      if (messages.at(-1)?.role !== 'user') return new Response('Already answered: reload', { status: 409 });
      const result = streamText({
        model,
        tools,
        stopWhen: stepCountIs(5),
        messages: await convertToModelMessages(messages),
      });
      return result.toUIMessageStreamResponse<Message>({
        originalMessages: messages,
        generateMessageId: createIdGenerator({ prefix: 'msg', size: 16 }),
        messageMetadata: () => ({ model: 'mock' }),
        onFinish: async ({ responseMessage }) => {
          await ctx.append(responseMessage);
        },
      });
    };
    return { route, calls };
  }

  test('after a reload the tail equals what useChat showed', async () => {
    const { route, calls } = chatRoute((call) =>
      call === 1 ? callWeather : call === 2 ? say('It rains, 7 °C. 🌧') : say('Gladly.'),
    );
    const chat = new Chat<Message>('chat-route', route);
    await chat.sendMessage({ text: 'What is the weather in Bergen?' });
    await chat.sendMessage({ text: 'Thanks' });
    expect(chat.error).toBeUndefined();
    expect(calls).toHaveLength(3);
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);

    const ctx = await client.context<Message>('chat-route');
    const reloaded = toUIMessages(await ctx.getTail());
    expect(reloaded).toEqual(JSON.parse(JSON.stringify(chat.messages)));
    expect(reloaded[1]).toMatchObject({
      id: expect.stringMatching(/^msg-/),
      metadata: { model: 'mock' },
      parts: [
        { type: 'step-start' },
        { type: 'reasoning', text: 'The user wants the weather.' },
        { type: 'tool-weather', state: 'output-available', output: { sky: 'rain' } },
        { type: 'step-start' },
        { type: 'text', text: 'It rains, 7 °C. 🌧' },
      ],
    });
    // A page that was reloaded goes on with them.
    const again = new Chat<Message>('chat-route', route, reloaded);
    await again.sendMessage({ text: 'Bye' });
    expect(toUIMessages(await ctx.getTail())).toEqual(JSON.parse(JSON.stringify(again.messages)));
  });

  test('the model gets the window: the call with its result, and the signed reasoning', async () => {
    const { route, calls } = chatRoute((call) => (call === 1 ? callWeather : say('Rain.')));
    const chat = new Chat<Message>('chat-prompt', route);
    await chat.sendMessage({ text: 'Weather?' });
    await chat.sendMessage({ text: 'And now?' });
    expect(calls.at(-1)?.prompt).toMatchObject([
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', providerOptions: { anthropic: { signature: 'c2lnbmVk' } } },
          { type: 'tool-call', toolCallId: 'call-1', input: { city: 'Bergen' } },
        ],
      },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call-1' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Rain.' }] },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ]);
  });

  test('a chat far beyond its budget goes on: every prompt fits, and the AI SDK takes every window', async () => {
    const { route, calls } = chatRoute(() => say('word '.repeat(100)));
    const chat = new Chat<Message>('chat-long', route);
    const ctx = await client.context<Message>('chat-long');
    for (let turn = 0; turn < 30; turn++) {
      await chat.sendMessage({ text: `Question ${turn}: ${'why '.repeat(50)}` });
      const { messages, usedTokens } = await ctx.context();
      expect(usedTokens).toBeLessThanOrEqual(2000);
      await expect(validateUIMessages({ messages: toUIMessages(messages) })).resolves.toHaveLength(
        messages.length,
      );
    }
    expect(calls.at(-1)?.prompt.length).toBeLessThan(30);
    expect(await ctx.getTail()).toHaveLength(60);
  });

  test('the same message sent twice, by a browser that tries again, is there once and answered once', async () => {
    const { route, calls } = chatRoute(() => say('Yes.'));
    const message: Message = { id: 'u-1', role: 'user', parts: [{ type: 'text', text: 'Once?' }] };
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) {
      const body = JSON.stringify({ id: 'chat-twice', message });
      const response = await route(new Request('http://app.test', { method: 'POST', body }));
      await response.text();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 409]);
    expect(calls).toHaveLength(1);
    const roles = (await (await client.context('chat-twice')).getTail()).map(({ role }) => role);
    expect(roles).toEqual(['user', 'assistant']);
  });
});
