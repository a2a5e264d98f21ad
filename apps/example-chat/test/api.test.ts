import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { runExample, type RunningExample } from './running-example.ts';

interface Shown {
  readonly role: string;
  readonly parts: { type: string; text?: string }[];
  readonly metadata?: { summary?: boolean };
}

interface View {
  readonly usedTokens: number;
  readonly budget: number;
  readonly history: Shown[];
  readonly window: Shown[];
}

const textOf = (message: Shown | undefined): string =>
  message?.parts.map(({ text }) => text ?? '').join('') ?? '';

async function view(example: RunningExample, chat: string): Promise<View> {
  return (await (await fetch(`${example.url}/api/chats/${chat}`)).json()) as View;
}

async function say(example: RunningExample, chat: string, id: string, text: string): Promise<Response> {
  const response = await fetch(`${example.url}/api/chats/${chat}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, text }),
  });
  await response.clone().text();
  return response;
}

describe('with the mock model', () => {
  let example: RunningExample;
  beforeAll(async () => {
    example = await runExample();
  }, 90_000);
  afterAll(async () => {
    expect(await example.stop()).toBe(0);
  });

  test('a chat begins with its instructions, and has what was said and answered', async () => {
    await say(example, 'one', 'u1', 'What is the weather in Oslo?');
    const { history, window } = await view(example, 'one');
    expect(history.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
    const types = history[2]?.parts.map(({ type }) => type);
    expect(types).toEqual(['step-start', 'tool-weather', 'step-start', 'text']);
    expect(window).toEqual(history);
  });

  test('a message that is sent again is neither stored nor answered again', async () => {
    expect((await say(example, 'two', 'u1', 'Hello')).status).toBe(200);
    expect((await say(example, 'two', 'u1', 'Hello')).status).toBe(409);
    expect((await view(example, 'two')).history).toHaveLength(3);
  });

  test('while a page looks at it, a long chat is summarised, and its history stays whole', async () => {
    const page = new AbortController();
    const events = await fetch(`${example.url}/api/chats/long/events`, { signal: page.signal });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    for (let i = 0; i < 12; i++) {
      await say(example, 'long', `u${i}`, `Question ${i}: ${'why '.repeat(20)}`);
    }
    let seen = await view(example, 'long');
    for (let tries = 0; tries < 500 && seen.window[1]?.metadata?.summary !== true; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen = await view(example, 'long');
    }
    page.abort();
    expect(seen.history).toHaveLength(25);
    expect(seen.window.length).toBeLessThan(25);
    expect(seen.usedTokens).toBeLessThanOrEqual(seen.budget);
    expect(textOf(seen.window[0])).toContain('friendly assistant');
    expect(textOf(seen.window[1])).toMatch(/^Summary.*Question 0.*Question 5/s);
  });

  test('what is not a chat or a message is refused in words', async () => {
    expect((await fetch(`${example.url}/api/chats/a%2Fb`)).status).toBe(400);
    const empty = await say(example, 'three', 'u1', '  ');
    expect(empty.status).toBe(400);
    expect(await empty.json()).toEqual({ message: expect.stringContaining('text') });
  });

  test('with a model that speaks OpenAI’s chat completions, the window is what it gets, in a store that runs already', async () => {
    const bodies: { model: string; messages: { role: string; content: unknown }[] }[] = [];
    const keys: (string | undefined)[] = [];
    const model = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        keys.push(request.headers.authorization);
        bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof bodies)[number]);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const send = (delta: object, finish_reason: string | null): void => {
          const choices = [{ index: 0, delta, finish_reason }];
          const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
          response.write(`data: ${JSON.stringify(chunk)}\n\n`);
        };
        send({ role: 'assistant', content: 'Real ' }, null);
        send({ content: 'answer.' }, 'stop');
        response.end('data: [DONE]\n\n');
      })();
    }).listen(0, '127.0.0.1');
    await once(model, 'listening');
    const baseUrl = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
    const openAI = { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: 'k', OPENAI_MODEL: 'm' };
    const real = await runExample({ ...openAI, FASTPACA_URL: example.storeUrl });
    try {
      await say(real, 'real', 'u1', 'Hello');
      await say(real, 'real', 'u2', 'Again');
      const { history } = await view(real, 'real');
      expect(history.map(textOf).slice(1)).toEqual(['Hello', 'Real answer.', 'Again', 'Real answer.']);
      expect(keys).toEqual(['Bearer k', 'Bearer k']);
      expect(bodies[1]?.model).toBe('m');
      expect(bodies[1]?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    } finally {
      await real.stop();
      model.close();
    }
  }, 120_000);
});

test('a setting that does not parse is named', () => {
  expect(() => readConfig({ PORT: 'x' })).toThrow('PORT must be a whole number, not "x"');
  expect(readConfig({ FASTPACA_URL: 'http://a,http://b' })).toMatchObject({
    storeUrls: ['http://a', 'http://b'],
    model: null,
  });
});
