import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestApplication, message, startApplication } from '../application.js';

let app: TestApplication;
beforeAll(async () => {
  app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
});
afterAll(() => app.close());

async function contextWith(id: string, count: number): Promise<string> {
  const path = `/v1/contexts/${id}`;
  await app.put(path);
  const messages = Array.from({ length: count }, (_, i) => message(`m${i + 1}`));
  for (let i = 0; i < count; i += 1000) {
    const { status } = await app.post(`${path}/messages`, { messages: messages.slice(i, i + 1000) });
    expect(status).toBe(201);
  }
  return path;
}

const seqs = (body: { messages: { seq: number }[] }) => body.messages.map((m) => m.seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('POST /v1/contexts/:id/messages', () => {
  test('201 {seq, version, token_estimate}; seq is 1, 2, 3, … without a hole; version +1 for every append call', async () => {
    await app.put('/v1/contexts/post-1');
    for (let i = 1; i <= 3; i++) {
      const { status, body } = await app.post('/v1/contexts/post-1/messages', { message: message('hello') });
      expect(status).toBe(201);
      expect(body).toEqual({ seq: i, version: i, token_estimate: expect.any(Number) });
    }
  });

  test('messages: [...] (1–1,000) instead of message: atomic, one version → 201 {version, results: [{seq, token_estimate}]}', async () => {
    await app.put('/v1/contexts/post-2');
    const messages = range(1, 1000).map((i) => message(`m${i}`, { token_count: i }));
    const { status, body } = await app.post('/v1/contexts/post-2/messages', { messages });
    expect(status).toBe(201);
    // The batch passes the limit of the window: its compaction is a version of its own.
    expect(Object.keys(body)).toEqual(['version', 'results']);
    expect(body.results).toEqual(range(1, 1000).map((i) => ({ seq: i, token_estimate: i })));
    const bad = [...messages.slice(0, 5), { role: 'user', parts: [{}] }];
    expect((await app.post('/v1/contexts/post-2/messages', { messages: bad })).status).toBe(400);
    expect((await app.get('/v1/contexts/post-2')).body).toMatchObject({
      last_seq: 1000,
      version: body.version,
    });
    await app.put('/v1/contexts/post-2b');
    const small = await app.post('/v1/contexts/post-2b/messages', { messages: messages.slice(0, 3) });
    expect(small.body.version).toBe(1);
  });

  test('if_version not equal to the current version → 409 conflict with current_version, and nothing is written', async () => {
    const path = await contextWith('post-3', 1);
    const good = await app.post(`${path}/messages`, { message: message('two'), if_version: 1 });
    expect(good.body.version).toBe(2);
    const { status, body } = await app.post(`${path}/messages`, { message: message('three'), if_version: 1 });
    expect(status).toBe(409);
    expect(body).toEqual({
      error: 'conflict',
      message: 'Context version changed (expected 1, found 2)',
      current_version: 2,
    });
    expect(seqs((await app.get(`${path}/tail`)).body)).toEqual([1, 2]);
  });

  test('a client token_count is used verbatim; otherwise the server estimates; token_estimate is the same number', async () => {
    await app.put('/v1/contexts/post-4');
    const given = await app.post('/v1/contexts/post-4/messages', {
      message: message('hi', { token_count: 4242 }),
    });
    const counted = await app.post('/v1/contexts/post-4/messages', { message: message('x'.repeat(400)) });
    expect(given.body.token_estimate).toBe(4242);
    expect(counted.body.token_estimate).toBeGreaterThanOrEqual(100);
    expect(counted.body.token_estimate).toBeLessThan(120);
    const { body } = await app.get('/v1/contexts/post-4/tail');
    expect(body.messages.map((m: { token_count: number }) => m.token_count)).toEqual([
      4242,
      counted.body.token_estimate,
    ]);
  });

  test('the rest of a part is stored and returned as sent, key order and unknown keys included', async () => {
    await app.put('/v1/contexts/post-5');
    const parts =
      '[{"type":"text","text":" sp  ace\\n\\u00e9é","9":1,"1":2,"n":123456789012345678901234567890,"f":1.50,' +
      '"dup":1,"dup":2,"__proto__":{"polluted":true},"nested":{"b":[],"a":{}}},{"type":"x"}]';
    const metadata = '{"z":1,"2":0,"1":0,"__proto__":null,"big":1e400}';
    const spaced = `{ "message" : {"role":"user", "parts" :\n ${parts.replaceAll(',"', ' , "')} , "metadata":\t${metadata} } }`;
    const { status } = await app.call('POST', '/v1/contexts/post-5/messages', { body: spaced });
    expect(status).toBe(201);
    for (const path of ['tail', 'messages', 'context']) {
      const { text } = await app.get(`/v1/contexts/post-5/${path}`);
      expect(text).toContain(`"parts":${parts}`);
      expect(text).toContain(`"metadata":${metadata}`);
    }
    expect('polluted' in {}).toBe(false);
  });

  test('Unknown context → 404 context_not_found', async () => {
    const { status, body } = await app.post('/v1/contexts/post-none/messages', { message: message('hi') });
    expect([status, body.error]).toEqual([404, 'context_not_found']);
  });

  test('A message reads {seq, id?, role, parts, metadata, token_count, inserted_at}', async () => {
    await app.put('/v1/contexts/post-6');
    await app.post('/v1/contexts/post-6/messages', { message: message('a') });
    const full = {
      id: 'm-1',
      role: 'tool',
      parts: [{ type: 'tool_result', n: 1 }],
      metadata: { k: 'v' },
      token_count: 3,
    };
    await app.post('/v1/contexts/post-6/messages', { message: full });
    const { body } = await app.get('/v1/contexts/post-6/tail');
    const inserted_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(body.messages).toEqual([
      { seq: 1, ...message('a'), metadata: {}, token_count: expect.any(Number), inserted_at },
      { seq: 2, ...full, inserted_at },
    ]);
  });
});

describe('retries', () => {
  test('The same key with the same content returns the first answer with deduped: true', async () => {
    const path = await contextWith('retry-1', 0);
    const key = { 'idempotency-key': 'key-1' };
    const first = await app.post(`${path}/messages`, { message: message('once') }, key);
    await app.post(`${path}/messages`, { message: message('between') });
    const again = await app.post(`${path}/messages`, { message: message('once') }, key);
    expect(again.status).toBe(201);
    expect(again.body).toEqual({ ...first.body, deduped: true });
    expect(first.body).not.toHaveProperty('deduped');
    expect(seqs((await app.get(`${path}/tail`)).body)).toEqual([1, 2]);
  });

  test('the same key with other content → 409 idempotency_conflict', async () => {
    const path = await contextWith('retry-2', 0);
    const key = { 'idempotency-key': 'key-1' };
    await app.post(`${path}/messages`, { message: message('one') }, key);
    const { status, body } = await app.post(`${path}/messages`, { message: message('two') }, key);
    expect([status, body.error]).toEqual([409, 'idempotency_conflict']);
  });

  test('a message id makes the append retry-safe too', async () => {
    const path = await contextWith('retry-3', 0);
    const first = await app.post(`${path}/messages`, { message: message('one', { id: 'm-1' }) });
    const again = await app.post(`${path}/messages`, { message: message('one', { id: 'm-1' }) });
    expect(again.body).toEqual({ ...first.body, deduped: true });
    const other = await app.post(`${path}/messages`, { message: message('two', { id: 'm-1' }) });
    expect([other.status, other.body.error]).toEqual([409, 'idempotency_conflict']);
  });

  test('Keys are remembered for at least the newest 1,000 appends of a context', async () => {
    const path = await contextWith('retry-4', 0);
    const append = (i: number) =>
      app.post(`${path}/messages`, { message: message(`m${i}`) }, { 'idempotency-key': `key-${i}` });
    for (let i = 0; i < 1000; i += 50) await Promise.all(range(i, i + 49).map(append));
    const answers = await Promise.all([0, 1, 499, 998, 999].map(append));
    expect(answers.map(({ body }) => body.deduped)).toEqual([true, true, true, true, true]);
    expect((await app.get(path)).body.last_seq).toBe(1000);
  });

  test('A retry with both the key and if_version succeeds if the first try was the one that moved the version', async () => {
    const path = await contextWith('retry-5', 1);
    const body = { message: message('two'), if_version: 1 };
    const first = await app.post(`${path}/messages`, body, { 'idempotency-key': 'k' });
    const again = await app.post(`${path}/messages`, body, { 'idempotency-key': 'k' });
    expect([first.status, again.status, again.body.deduped]).toEqual([201, 201, true]);
    const other = await app.post(
      `${path}/messages`,
      { ...body, message: message('x') },
      { 'idempotency-key': 'k2' },
    );
    expect(other.status).toBe(409);
  });
});

describe('GET /v1/contexts/:id/tail', () => {
  test('newest page, chronological inside, [] only past the beginning of history', async () => {
    const path = await contextWith('tail-1', 250);
    const page = async (query: string) => seqs((await app.get(`${path}/tail${query}`)).body);
    expect(await page('')).toEqual(range(151, 250));
    expect(await page('?limit=100&offset=100')).toEqual(range(51, 150));
    expect(await page('?limit=100&offset=200')).toEqual(range(1, 50));
    expect(await page('?offset=250')).toEqual([]);
    expect(await page('?limit=1&offset=249')).toEqual([1]);
    expect(await page('?limit=1000')).toEqual(range(1, 250));
  });
});

describe('GET /v1/contexts/:id/messages', () => {
  test('from_seq/to_seq; cursor (exclusive) with limit; next_cursor null at the end', async () => {
    const path = await contextWith('list-1', 25);
    const page = async (query: string) => {
      const { body } = await app.get(`${path}/messages${query}`);
      return [seqs(body), body.next_cursor];
    };
    expect(await page('')).toEqual([range(1, 25), null]);
    expect(await page('?limit=10')).toEqual([range(1, 10), 10]);
    expect(await page('?limit=10&cursor=10')).toEqual([range(11, 20), 20]);
    expect(await page('?limit=10&cursor=20')).toEqual([range(21, 25), null]);
    expect(await page('?cursor=25')).toEqual([[], null]);
    expect(await page('?from_seq=5&to_seq=8')).toEqual([range(5, 8), null]);
    expect(await page('?from_seq=5&to_seq=8&limit=2')).toEqual([[5, 6], 6]);
    expect(await page('?from_seq=5&to_seq=8&limit=2&cursor=6')).toEqual([[7, 8], null]);
  });

  test('negative from_seq counts from the end (-50 = the last 50)', async () => {
    const path = await contextWith('list-2', 60);
    const page = async (query: string) => seqs((await app.get(`${path}/messages${query}`)).body);
    expect(await page('?from_seq=-50')).toEqual(range(11, 60));
    expect(await page('?from_seq=-500')).toEqual(range(1, 60));
  });

  test('Accept: application/x-ndjson streams the whole range, one message a line', async () => {
    const path = await contextWith('list-3', 2500);
    const streamed = await app.get(`${path}/messages`, { accept: 'application/x-ndjson' });
    expect(streamed.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = streamed.text.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(range(1, 2500));
    expect(streamed.text.endsWith('\n')).toBe(true);
    const some = await app.get(`${path}/messages?from_seq=2000&to_seq=2002`, {
      accept: 'application/x-ndjson',
    });
    const page = await app.get(`${path}/messages?from_seq=2000&to_seq=2002`);
    expect(
      some.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(page.body.messages);
  });

  test('limits above 1,000 are clamped to 1,000; a non-number → 400', async () => {
    const path = await contextWith('list-4', 1100);
    expect((await app.get(`${path}/tail?limit=5000`)).body.messages).toHaveLength(1000);
    const { body } = await app.get(`${path}/messages?limit=5000`);
    expect([body.messages.length, body.next_cursor]).toEqual([1000, 1000]);
    for (const query of [
      'tail?limit=ten',
      'tail?offset=-1',
      'messages?limit=',
      'messages?from_seq=1e3',
      'messages?cursor=x',
    ]) {
      const refused = await app.get(`${path}/${query}`);
      expect([query, refused.status, refused.body.error]).toEqual([query, 400, 'invalid_request']);
      expect(refused.body.message).toContain(refused.body.field);
    }
  });
});
