import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestApplication, message, startApplication } from '../application.js';

let app: TestApplication;
beforeAll(async () => {
  app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
});
afterAll(() => app.close());

const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('PUT /v1/contexts/:id', () => {
  test('creates or updates, idempotent', async () => {
    const first = await app.put('/v1/contexts/put-1', { token_budget: 500 });
    const second = await app.put('/v1/contexts/put-1', { token_budget: 500 });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect({ ...second.body, updated_at: '' }).toEqual({ ...first.body, updated_at: '' });
  });

  test('defaults: token_budget 8000, trigger_ratio 0.7, policy last_n with limit 200, metadata {}', async () => {
    const { status, body } = await app.call('PUT', '/v1/contexts/put-2');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: 'put-2',
      status: 'active',
      token_budget: 8000,
      trigger_ratio: 0.7,
      policy: { strategy: 'last_n', config: { limit: 200 } },
      metadata: {},
      version: 0,
      last_seq: 0,
      archived_seq: 0,
      used_tokens: 0,
      needs_compaction: false,
      created_at: expect.stringMatching(milliseconds),
      updated_at: expect.stringMatching(milliseconds),
    });
  });

  test('on update an omitted field keeps its value', async () => {
    const settings = {
      token_budget: 900,
      trigger_ratio: 0.5,
      policy: { strategy: 'skip_parts', config: { skip_kinds: ['reasoning'], limit: 7 } },
      metadata: { owner: 'ada' },
    };
    await app.put('/v1/contexts/put-3', settings);
    const { body } = await app.put('/v1/contexts/put-3', { trigger_ratio: 1 });
    expect(body).toMatchObject({ ...settings, trigger_ratio: 1 });
  });

  test('a policy change takes effect at the next compaction, not retroactively', async () => {
    await app.put('/v1/contexts/put-4', { policy: { strategy: 'manual', config: {} } });
    for (let i = 1; i <= 5; i++) await app.post('/v1/contexts/put-4/messages', { message: message(`m${i}`) });
    await app.put('/v1/contexts/put-4', { policy: { strategy: 'last_n', config: { limit: 2 } } });
    const before = await app.get('/v1/contexts/put-4/context');
    expect(before.body.messages).toHaveLength(5);
    expect(before.body.version).toBe(5);
    await app.post('/v1/contexts/put-4/messages', { message: message('m6') });
    const after = await app.get('/v1/contexts/put-4/context');
    expect(after.body.messages.length).toBeLessThanOrEqual(2);
    expect(after.body.messages.at(-1).parts[0].text).toBe('m6');
  });

  test('a tombstoned context answers 409 context_tombstoned unless the body says "status": "active"', async () => {
    await app.put('/v1/contexts/put-5', { metadata: { keep: true } });
    await app.call('DELETE', '/v1/contexts/put-5');
    const refused = await app.put('/v1/contexts/put-5', { token_budget: 1 });
    expect([refused.status, refused.body.error]).toEqual([409, 'context_tombstoned']);
    const revived = await app.put('/v1/contexts/put-5', { status: 'active' });
    expect(revived.status).toBe(200);
    expect(revived.body).toMatchObject({ status: 'active', token_budget: 8000, metadata: { keep: true } });
    expect((await app.post('/v1/contexts/put-5/messages', { message: message('hi') })).status).toBe(201);
  });

  test('config and metadata changes do not move the version', async () => {
    await app.put('/v1/contexts/put-6');
    await app.post('/v1/contexts/put-6/messages', { message: message('one') });
    await app.put('/v1/contexts/put-6', { token_budget: 4000, trigger_ratio: 0.9 });
    const { body } = await app.call('PATCH', '/v1/contexts/put-6/metadata', { body: { metadata: { a: 1 } } });
    expect(body.version).toBe(1);
  });
});

describe('GET /v1/contexts/:id', () => {
  test('the same object; HEAD too', async () => {
    const put = await app.put('/v1/contexts/get-1', { metadata: { a: [1, { b: null }] } });
    const got = await app.get('/v1/contexts/get-1');
    expect([got.status, got.body]).toEqual([200, put.body]);
    const head = await app.call('HEAD', '/v1/contexts/get-1');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(got.headers.get('content-length'));
    expect((await app.call('HEAD', '/v1/contexts/get-none')).status).toBe(404);
  });

  test('Unknown context → 404 context_not_found', async () => {
    for (const path of ['', '/tail', '/messages', '/context']) {
      const { status, body } = await app.get(`/v1/contexts/get-none${path}`);
      expect([path, status, body.error]).toEqual([path, 404, 'context_not_found']);
    }
    const streamed = await app.get('/v1/contexts/get-none/messages', { accept: 'application/x-ndjson' });
    expect([streamed.status, streamed.body.error]).toEqual([404, 'context_not_found']);
  });
});

describe('DELETE /v1/contexts/:id', () => {
  test('tombstones: 204, again 204', async () => {
    await app.put('/v1/contexts/del-1');
    expect((await app.call('DELETE', '/v1/contexts/del-1')).status).toBe(204);
    expect((await app.call('DELETE', '/v1/contexts/del-1')).status).toBe(204);
    expect((await app.get('/v1/contexts/del-1')).body.status).toBe('tombstoned');
  });

  test('Messages stay readable, appends and compactions answer 409 context_tombstoned', async () => {
    await app.put('/v1/contexts/del-2');
    await app.post('/v1/contexts/del-2/messages', { message: message('kept') });
    await app.call('DELETE', '/v1/contexts/del-2');
    expect((await app.get('/v1/contexts/del-2/tail')).body.messages).toHaveLength(1);
    expect((await app.get('/v1/contexts/del-2/context')).body.messages).toHaveLength(1);
    for (const [path, body] of [
      ['messages', { message: message('late') }],
      ['compact', { replacement: [message('late')] }],
    ] as const) {
      const answer = await app.post(`/v1/contexts/del-2/${path}`, body);
      expect([answer.status, answer.body.error]).toEqual([409, 'context_tombstoned']);
    }
  });

  test('?mode=erase removes log and window for good; the id can then be created afresh', async () => {
    await app.put('/v1/contexts/del-3', { metadata: { secret: 1 } });
    for (let i = 0; i < 3; i++) await app.post('/v1/contexts/del-3/messages', { message: message('secret') });
    expect((await app.call('DELETE', '/v1/contexts/del-3?mode=erase')).status).toBe(204);
    expect((await app.get('/v1/contexts/del-3')).status).toBe(404);
    expect((await app.get('/v1/contexts/del-3/tail')).status).toBe(404);
    const fresh = await app.put('/v1/contexts/del-3');
    expect(fresh.status).toBe(201);
    expect(fresh.body).toMatchObject({ version: 0, last_seq: 0, metadata: {} });
    expect((await app.get('/v1/contexts/del-3/tail')).body.messages).toEqual([]);
    const appended = await app.post('/v1/contexts/del-3/messages', { message: message('new') });
    expect(appended.body).toMatchObject({ seq: 1, version: 1 });
  });
});

describe('PATCH /v1/contexts/:id/metadata', () => {
  test('upserts with JSON merge-patch semantics (a null removes a key); 200 with the context object', async () => {
    await app.put('/v1/contexts/patch-1', { metadata: { a: 1, b: { c: 1, d: 2 } } });
    const patch = { metadata: { b: { c: null, e: [null] }, f: 'x', none: null } };
    const { status, body } = await app.call('PATCH', '/v1/contexts/patch-1/metadata', { body: patch });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'patch-1', metadata: { a: 1, b: { d: 2, e: [null] }, f: 'x' } });
    expect(body.metadata).toEqual({ a: 1, b: { d: 2, e: [null] }, f: 'x' });
    expect((await app.get('/v1/contexts/patch-1')).body).toEqual(body);
  });

  test('__proto__ keys are data: stored, merged and returned, nothing polluted', async () => {
    await app.put('/v1/contexts/patch-2');
    const sent = '{"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}';
    await app.call('PATCH', '/v1/contexts/patch-2/metadata', { body: sent });
    const { text } = await app.get('/v1/contexts/patch-2');
    expect(text).toContain(
      '"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    expect('polluted' in {}).toBe(false);
  });
});

describe('GET /v1/contexts', () => {
  test('lists: limit, cursor → {contexts, next_cursor}', async () => {
    const ids = Array.from({ length: 7 }, (_, i) => `list:${i}`);
    for (const id of ids) await app.put(`/v1/contexts/${id}`);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await app.get(`/v1/contexts?prefix=list:&limit=3${query}`);
      expect(body.contexts.length).toBeLessThanOrEqual(3);
      for (const context of body.contexts) seen.push(context.id);
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(ids);
    expect((await app.get('/v1/contexts?prefix=list:0')).body).toEqual({
      contexts: [(await app.get('/v1/contexts/list:0')).body],
      next_cursor: null,
    });
  });

  test('status, prefix and metadata.KEY=VALUE narrow the list', async () => {
    await app.put('/v1/contexts/narrow-a', { metadata: { team: 'red', n: 5 } });
    await app.put('/v1/contexts/narrow-b', { metadata: { team: 'blue', n: 5 } });
    await app.put('/v1/contexts/narrow-c', { metadata: { team: 'red' } });
    await app.call('DELETE', '/v1/contexts/narrow-c');
    const list = async (query: string) => {
      const { body } = await app.get(`/v1/contexts?prefix=narrow-&${query}`);
      return body.contexts.map((context: { id: string }) => context.id).toSorted();
    };
    expect(await list('')).toEqual(['narrow-a', 'narrow-b', 'narrow-c']);
    expect(await list('status=active')).toEqual(['narrow-a', 'narrow-b']);
    expect(await list('status=tombstoned')).toEqual(['narrow-c']);
    expect(await list('metadata.team=red')).toEqual(['narrow-a', 'narrow-c']);
    expect(await list('metadata.team=red&status=active')).toEqual(['narrow-a']);
    expect(await list('metadata.n=5&metadata.team=blue')).toEqual(['narrow-b']);
  });

  test('limit is at most 1000 and default 100', async () => {
    for (let i = 0; i < 101; i++) await app.put(`/v1/contexts/many-${i}`);
    expect((await app.get('/v1/contexts?prefix=many-')).body.contexts).toHaveLength(100);
    expect((await app.get('/v1/contexts?prefix=many-&limit=5000')).body.contexts).toHaveLength(101);
  });

  test('a cursor that no page gave is refused', async () => {
    const { status, body } = await app.get('/v1/contexts?cursor=%7Bnot-mine');
    expect([status, body.error]).toEqual([400, 'invalid_cursor']);
  });
});
