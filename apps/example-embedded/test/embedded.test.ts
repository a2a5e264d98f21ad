import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createExpressApp, createFastifyApp } from '../src/create-app.js';

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-embedded-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each([
  ['Express', createExpressApp],
  ['Fastify', createFastifyApp],
])('the module inside an application on %s', (name, create) => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    app = await create(path.join(directory, name));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const call = (method: string, target: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${target}`, {
      method,
      headers: { 'x-team': 'support', 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const json = async (answer: Response) => JSON.parse(await answer.text()) as Record<string, unknown>;

  test('serves the API under the application’s prefix, and nowhere else', async () => {
    expect((await call('PUT', '/shop/v1/contexts/a', '{}')).status).toBe(201);
    expect((await call('PUT', '/shop/v1/contexts/a', '{}')).status).toBe(200);
    expect((await call('PUT', '/v1/contexts/a', '{}')).status).toBe(404);
    expect((await call('GET', '/shop/health/live')).status).toBe(404);
  });

  test('stores what was sent byte for byte, and answers as the server does', async () => {
    const parts = '[{"type":"text","text":"hi","2":1,"1":2,"big":12345678901234567890,"__proto__":{"x":1}}]';
    const sent = `{ "message" : {"role":"user", "parts":${parts}} }`;
    const appended = await call('POST', '/shop/v1/contexts/a/messages', sent);
    expect([appended.status, await json(appended)]).toEqual([
      201,
      { seq: 1, version: 1, token_estimate: expect.any(Number) },
    ]);
    const tail = await call('GET', '/shop/v1/contexts/a/tail');
    expect(tail.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await tail.text()).toContain(`"parts":${parts}`);
    const window = await call('GET', '/shop/v1/contexts/a/context');
    expect(await window.text()).toContain(`"parts":${parts}`);
    const tag = window.headers.get('etag') ?? '';
    const again = await call('GET', '/shop/v1/contexts/a/context', undefined, { 'if-none-match': tag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const lines = await call('GET', '/shop/v1/contexts/a/messages', undefined, {
      accept: 'application/x-ndjson',
    });
    expect(lines.headers.get('content-type')).toContain('application/x-ndjson');
    expect((await lines.text()).trim().split('\n')).toHaveLength(1);
  });

  test('a refusal has the shape and the status of the contract', async () => {
    const missing = await call('GET', '/shop/v1/contexts/none');
    expect([missing.status, (await json(missing))['error']]).toEqual([404, 'context_not_found']);
    const wrong = await call('PUT', '/shop/v1/contexts/a', '{"token_budget":"many"}');
    expect([wrong.status, await json(wrong)]).toEqual([
      400,
      { error: 'invalid_request', message: 'token_budget must be a number', field: 'token_budget' },
    ]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream'])(
    'a body that is declared as %s gets 415 and is not taken for none',
    async (type) => {
      const sent = await call('PUT', '/shop/v1/contexts/typed', '{"token_budget":7}', {
        'content-type': type,
      });
      expect(sent.status).toBe(415);
      expect((await call('GET', '/shop/v1/contexts/typed')).status).toBe(404);
    },
  );

  test('ids of 256 characters and bodies of megabytes arrive', async () => {
    const target = `/shop/v1/contexts/${'x'.repeat(256)}`;
    expect((await call('PUT', target, '{}')).status).toBe(201);
    const text = 'x'.repeat(2 * 1024 * 1024);
    const body = `{"message":{"role":"user","token_count":1,"parts":[{"type":"text","text":"${text}"}]}}`;
    expect((await call('POST', `${target}/messages`, body)).status).toBe(201);
  });

  test('the application’s guard stands before it', async () => {
    const stranger = await call('GET', '/shop/v1/contexts/a', undefined, { 'x-team': 'sales' });
    expect(stranger.status).toBe(403);
  });

  test('the application’s own code uses the same store', async () => {
    const noted = await call('POST', '/shop/orders/7/notes', '{"text":"call back"}');
    expect(await json(noted)).toEqual({ version: 1 });
    expect(await json(await call('GET', '/shop/v1/contexts/order-7'))).toMatchObject({ last_seq: 1 });
  });

  test('a stream as Server-Sent Events needs nothing of the application', async () => {
    const target = '/shop/v1/contexts/order-7/stream?cursor=0';
    const events = { accept: 'text/event-stream' };
    expect((await call('GET', target, undefined, { ...events, 'x-team': 'sales' })).status).toBe(403);
    expect((await call('GET', '/shop/v1/contexts/none/stream', undefined, events)).status).toBe(404);
    // Not `fetch`: in place of the connection that is dropped it would open another and keep it.
    const asked = get(`${url}${target}`, { headers: { 'x-team': 'support', ...events }, agent: false });
    const [stream] = (await once(asked, 'response')) as [IncomingMessage];
    expect(stream.headers['content-type']).toContain('text/event-stream');
    let text = '';
    for await (const chunk of stream) {
      text += (chunk as Buffer).toString();
      if (text.includes('"type":"context"')) break;
    }
    expect(text).toMatch(/^data: \{"type":"message","version":1,"seq":1,/);
    expect(text).toContain('\n\nid: 1\ndata: {"type":"context","version":1,');
  });

  test('its series are in the application’s registry', async () => {
    const text = await (await call('GET', '/shop/metrics')).text();
    expect(text).toMatch(/^fastpaca_messages_append_total\{role="user",source="server"\} 2$/m);
    expect(text).toMatch(
      /^fastpaca_http_request_duration_seconds_count\{method="GET",route="\/shop\/v1\/contexts\/:id\/tail",status="200"\} 1$/m,
    );
  });
});
