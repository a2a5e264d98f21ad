import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestApplication, message, startApplication } from '../application.js';

const started: TestApplication[] = [];
async function start(environment: Readonly<Record<string, string>> = {}): Promise<TestApplication> {
  const app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4', ...environment });
  started.push(app);
  return app;
}

let app: TestApplication;
beforeAll(async () => {
  app = await start();
});
afterAll(async () => {
  for (const one of started) await one.close();
});

describe('ids', () => {
  test(':id is 1–256 characters of A-Z a-z 0-9 . _ : @ - after percent-decoding', async () => {
    for (const id of ['a', 'A.b_c:d@e-9', 'x'.repeat(256)]) {
      const { status, body } = await app.put(`/v1/contexts/${id}`);
      expect([status, body.id]).toEqual([201, id]);
    }
    const encoded = [...'user@a:1'].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    expect((await app.put(`/v1/contexts/${encoded}`)).body.id).toBe('user@a:1');
    expect((await app.put(`/v1/contexts/${'%41'.repeat(256)}`)).body.id).toBe('A'.repeat(256));
  });
});

describe('limits', () => {
  test('Body limit FASTPACA_MAX_BODY_BYTES → 413', async () => {
    const small = await start({ FASTPACA_MAX_BODY_BYTES: '2000' });
    await small.put('/v1/contexts/a');
    const fits = await small.post('/v1/contexts/a/messages', { message: message('x'.repeat(1900)) });
    const exceeds = await small.post('/v1/contexts/a/messages', { message: message('x'.repeat(2000)) });
    expect([fits.status, exceeds.status, exceeds.body.error]).toEqual([201, 413, 'body_too_large']);
    expect((await small.get('/v1/contexts/a')).body.last_seq).toBe(1);
  });

  test('default 8 MiB: a message just below it is stored whole', async () => {
    await app.put('/v1/contexts/large', { token_budget: 10_000_000 });
    const sent = message('x'.repeat(8 * 1024 * 1024 - 200), { token_count: 5 });
    expect((await app.post('/v1/contexts/large/messages', { message: sent })).status).toBe(201);
    const { body } = await app.get('/v1/contexts/large/tail');
    expect(body.messages[0].parts).toEqual(sent.parts);
  });

  test('Role 1–64 characters; 1–1,000 parts', async () => {
    await app.put('/v1/contexts/limits');
    const parts = Array.from({ length: 1000 }, (_, i) => ({ type: 'text', text: `p${i}` }));
    const append = (body: unknown) => app.post('/v1/contexts/limits/messages', { message: body });
    expect((await append({ role: 'r'.repeat(64), parts })).status).toBe(201);
    expect((await append({ role: 'r'.repeat(65), parts })).body.field).toBe('message.role');
    // The schema counts as the store does: no call gets past it that the store refuses, under another name.
    expect((await append({ role: '😀'.repeat(32), id: '😀'.repeat(128), parts })).status).toBe(201);
    expect((await append({ role: '😀'.repeat(33), parts })).body.field).toBe('message.role');
    expect((await append({ role: 'user', id: '😀'.repeat(129), parts })).body.field).toBe('message.id');
    expect((await append({ role: 'user', parts: [...parts, parts[0]] })).body.field).toBe('message.parts');
    expect((await append({ role: 'user', parts: [] })).body.field).toBe('message.parts');
  });

  test('JSON nested deeper than 64 → 400', async () => {
    await app.put('/v1/contexts/deep');
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const body = (depth: number) =>
      `{"message":{"role":"user","parts":[{"type":"data","value":${nested(depth)}}]}}`;
    const fits = await app.call('POST', '/v1/contexts/deep/messages', { body: body(60) });
    const exceeds = await app.call('POST', '/v1/contexts/deep/messages', { body: body(61) });
    expect([fits.status, exceeds.status, exceeds.body.error]).toEqual([201, 400, 'invalid_request']);
  });
});

describe('health', () => {
  test('GET /health/live 200 {"status":"ok"}; GET /health/ready 200', async () => {
    const live = await app.get('/health/live');
    expect([live.status, live.text]).toEqual([200, '{"status":"ok"}']);
    expect((await app.get('/health/ready')).status).toBe(200);
  });
});

describe('API keys', () => {
  test('FASTPACA_API_KEY set: Authorization: Bearer KEY, else 401; health stays open; several keys by comma', async () => {
    const locked = await start({ FASTPACA_API_KEY: 'one,two' });
    for (const path of ['/v1/contexts', '/v1/contexts/a', '/metrics', '/no-such-path']) {
      const { status, body, headers } = await locked.get(path);
      expect([path, status, body.error]).toEqual([path, 401, 'unauthorized']);
      expect(headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs']) {
      expect([path, (await locked.get(path)).status]).toEqual([path, 200]);
    }
    for (const key of ['one', 'two']) {
      expect((await locked.get('/v1/contexts', { authorization: `Bearer ${key}` })).status).toBe(200);
    }
    for (const header of ['Bearer three', 'Bearer one,two', 'one', 'Basic one']) {
      expect((await locked.get('/v1/contexts', { authorization: header })).status).toBe(401);
    }
  });

  test('the body of a request without a key is not read', async () => {
    const locked = await start({ FASTPACA_API_KEY: 'one' });
    const { status } = await locked.call('PUT', '/v1/contexts/a', { body: 'not json' });
    expect(status).toBe(401);
  });
});

describe('errors', () => {
  test('an Expect that the server does not know is refused with {error, message}', async () => {
    const { hostname, port } = new URL(app.url);
    const asked = request({ hostname, port, path: '/health/live', headers: { expect: 'miracles' } }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(await text(answer))).toMatchObject({ error: 'invalid_request', field: 'Expect' });
  });

  test('Errors always {error, message}; 400 names the offending field', async () => {
    const { status, body } = await app.put('/v1/contexts/e-1', { token_budget: -5 });
    expect(status).toBe(400);
    expect(body).toEqual({
      error: 'invalid_request',
      message: 'token_budget must be at least 1',
      field: 'token_budget',
    });
  });

  test('an unknown path, and a known one with another method, answer 404 not_found', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/context'],
      ['DELETE', '/v1/contexts'],
      ['PUT', '/health/live'],
      ['POST', '/v1/contexts/a/b/messages'],
    ] as const) {
      const { status, body } = await app.call(method, path);
      expect([path, status, Object.keys(body), body.error]).toEqual([
        path,
        404,
        ['error', 'message'],
        'not_found',
      ]);
    }
  });

  test('429 per API key and address, where that is configured', async () => {
    const limited = await start({ FASTPACA_RATE_LIMIT_PER_CLIENT: '3', FASTPACA_TRUST_PROXY: 'true' });
    const burst = (address: string, key: string) =>
      Promise.all(
        Array.from({ length: 4 }, () =>
          limited.get('/v1/contexts', { 'x-forwarded-for': address, authorization: `Bearer ${key}` }),
        ),
      );
    // A burst that the turn of a second cuts in two passes whole: one of several does not.
    let refused = false;
    for (let attempt = 0; attempt < 20 && !refused; attempt++) {
      const [first, otherAddress, otherKey] = await Promise.all([
        burst(`10.0.${attempt}.1`, 'a'),
        burst(`10.0.${attempt}.2`, 'a'),
        burst(`10.0.${attempt}.1`, 'b'),
      ]);
      refused = first.filter(({ status }) => status === 429).length === 1;
      // Which of four that are sent at once comes last is up to their connections.
      for (const answers of [otherAddress, otherKey])
        expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
    }
    expect(refused).toBe(true);
  });

  test('429 with Retry-After (per-node limit, configurable, off by default)', async () => {
    const limited = await start({ FASTPACA_RATE_LIMIT: '5' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => limited.get('/v1/contexts')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5);
    for (const { body, headers } of refused) {
      expect(body.error).toBe('rate_limited');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect((await limited.get('/health/live')).status).toBe(200);
    const free = await Promise.all(Array.from({ length: 50 }, () => app.get('/v1/contexts?limit=1')));
    expect(free.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('metrics', () => {
  test('fastpaca_messages_append_total{role,source}: source says who counted; unknown roles become other', async () => {
    const counted = await start();
    await counted.put('/v1/contexts/m');
    const append = (body: unknown, headers = {}) =>
      counted.post('/v1/contexts/m/messages', { message: body }, headers);
    await append(message('a'), { 'idempotency-key': 'k' });
    await append(message('a'), { 'idempotency-key': 'k' });
    await append(message('b', { role: 'assistant', token_count: 7 }));
    await append(message('c', { role: 'developer' }));
    const { text, headers } = await counted.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toContain('fastpaca_messages_append_total{role="user",source="server"} 1\n');
    expect(text).toContain('fastpaca_messages_append_total{role="assistant",source="client"} 1\n');
    expect(text).toContain('fastpaca_messages_append_total{role="other",source="server"} 1\n');
    expect(text).toContain('fastpaca_messages_token_count_count 3\n');
  });

  test('Ours: Raft, storage and HTTP', async () => {
    const { text } = await app.get('/metrics');
    expect(text).toMatch(/^fastpaca_raft_term [1-9]/m);
    expect(text).toContain('fastpaca_raft_groups{role="leader"} 256\n');
    expect(text).toMatch(/^fastpaca_raft_proposals_total\{outcome="committed"\} [1-9]/m);
    for (const series of [
      'fastpaca_raft_commit_duration_seconds',
      'fastpaca_raft_apply_duration_seconds',
      'fastpaca_storage_fsync_duration_seconds',
      'fastpaca_storage_batch_operations',
      'fastpaca_storage_batch_bytes',
    ]) {
      expect(text).toMatch(new RegExp(`^${series}_count [1-9]`, 'm'));
    }
    expect(text).toMatch(/^fastpaca_raft_leader_changes_total \d/m);
    expect(text).toContain('# TYPE fastpaca_hop_duration_seconds histogram');
    expect(text).toMatch(/^fastpaca_routing_faults_total 0$/m);
    expect(text).toContain(
      'fastpaca_http_request_duration_seconds_count{method="PUT",route="/v1/contexts/:id",status="201"}',
    );
  });
});

describe('logs', () => {
  test('JSON with type, context_id, seq', async () => {
    await app.put('/v1/contexts/logged');
    await app.post('/v1/contexts/logged/messages', { message: message('hi') });
    const lines = app.logged.filter((line) => line['context_id'] === 'logged');
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'info', type: 'context_created', node: 'test-node' }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'debug', type: 'message_appended', seq: 1 }),
    );
  });
});

describe('OpenAPI', () => {
  test('/openapi.json describes every route of the API, and /docs renders it without the network', async () => {
    const { body } = await app.get('/openapi.json');
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual([
      'DELETE /v1/cluster/nodes/{name}',
      'DELETE /v1/cluster/nodes/{name}/drain',
      'DELETE /v1/contexts/{id}',
      'GET /health/live',
      'GET /health/ready',
      'GET /v1/admin/backup',
      'GET /v1/cluster',
      'GET /v1/contexts',
      'GET /v1/contexts/{id}',
      'GET /v1/contexts/{id}/context',
      'GET /v1/contexts/{id}/messages',
      'GET /v1/contexts/{id}/stream',
      'GET /v1/contexts/{id}/tail',
      'PATCH /v1/contexts/{id}/metadata',
      'POST /v1/admin/import',
      'POST /v1/cluster/nodes/{name}/drain',
      'POST /v1/contexts/{id}/compact',
      'POST /v1/contexts/{id}/messages',
      'PUT /v1/contexts/{id}',
    ]);
    const text = JSON.stringify(body);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(body.components.schemas).toHaveProperty(String(name));
    }
    const page = await app.get('/docs');
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const assets = [...page.text.matchAll(/(?:src|href)="\.\/(docs\/[^"]+)"/g)].map(([, asset]) =>
      String(asset),
    );
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) expect([asset, (await app.get(`/${asset}`)).status]).toEqual([asset, 200]);
  });
});
