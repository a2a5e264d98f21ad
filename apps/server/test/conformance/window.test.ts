import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { windowAnswer } from '@fastpaca/protocol';
import { type TestApplication, message, startApplication } from '../application.js';

let app: TestApplication;
beforeAll(async () => {
  app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
});
afterAll(() => app.close());

/** A context of `turns` turns; each message counts for 10 tokens. */
async function conversation(id: string, settings: unknown, turns: number): Promise<string> {
  const path = `/v1/contexts/${id}`;
  await app.put(path, settings);
  for (let i = 1; i <= turns; i++) {
    await app.post(`${path}/messages`, { message: message(`q${i}`, { token_count: 10 }) });
    await app.post(`${path}/messages`, { message: message(`a${i}`, { role: 'assistant', token_count: 10 }) });
  }
  return path;
}

const manual = { token_budget: 1000, policy: { strategy: 'manual', config: {} } };
const texts = (body: { messages: { parts: { text: string }[] }[] }) =>
  body.messages.map((m) => m.parts[0]?.text);

describe('GET /v1/contexts/:id/context', () => {
  test('{version, messages, used_tokens, needs_compaction, segments}', async () => {
    const path = await conversation('read-1', { token_budget: 1000 }, 2);
    const { status, body } = await app.get(`${path}/context`);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['version', 'messages', 'used_tokens', 'needs_compaction', 'segments']);
    expect(body).toMatchObject({
      version: 4,
      used_tokens: 40,
      needs_compaction: false,
      segments: [{ type: 'live', from_seq: 1, to_seq: 4, tokens: 40 }],
    });
    expect(texts(body)).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  test.each(['last_n', 'skip_parts', 'manual'])(
    'used_tokens ≤ token_budget (or budget_tokens) — always, whatever the policy: %s',
    async (strategy) => {
      const settings = { token_budget: 105, policy: { strategy, config: {} } };
      const path = await conversation(`read-2-${strategy}`, settings, 20);
      for (const budget of [undefined, 20, 45, 90]) {
        const query = budget === undefined ? '' : `?budget_tokens=${budget}`;
        const { body } = await app.get(`${path}/context${query}`);
        expect(body.used_tokens).toBeLessThanOrEqual(budget ?? 105);
        const counted = body.messages.reduce(
          (sum: number, m: { token_count: number }) => sum + m.token_count,
          0,
        );
        expect(counted).toBe(body.used_tokens);
        expect(body.messages[0].role).toBe('user');
        expect(texts(body).at(-1)).toBe('a20');
      }
    },
  );

  test('budget_tokens above the stored budget may bring older messages back only as far as the window still holds them', async () => {
    const path = await conversation('read-3', { ...manual, token_budget: 50 }, 10);
    expect((await app.get(`${path}/context?budget_tokens=500`)).body.used_tokens).toBe(200);
    await app.post(`${path}/compact`, { replacement: [message('summary', { token_count: 10 })] });
    expect((await app.get(`${path}/context?budget_tokens=500`)).body.used_tokens).toBe(10);
  });

  test('segments: what the window is made of, in order; a summary’s range is the messages it stands for', async () => {
    const path = '/v1/contexts/read-4';
    await app.put(path, manual);
    await app.post(`${path}/messages`, { message: message('rules', { role: 'system', token_count: 5 }) });
    for (const text of ['q1', 'a1', 'q2']) {
      const role = text.startsWith('a') ? 'assistant' : 'user';
      await app.post(`${path}/messages`, { message: message(text, { role, token_count: 10 }) });
    }
    const pinned = await app.get(`${path}/context`);
    expect(pinned.body.segments).toEqual([
      { type: 'pinned', from_seq: 1, to_seq: 1, tokens: 5 },
      { type: 'live', from_seq: 2, to_seq: 4, tokens: 30 },
    ]);
    await app.post(`${path}/compact`, { replacement: [message('sum', { token_count: 7 })], up_to_seq: 3 });
    const { body } = await app.get(`${path}/context`);
    expect(body.segments.map((s: { type: string }) => s.type)).toContain('summary');
    const summary = body.segments.find((s: { type: string }) => s.type === 'summary');
    expect(summary).toMatchObject({ to_seq: 3, tokens: 7 });
    expect(body.segments.at(-1)).toEqual({ type: 'live', from_seq: 4, to_seq: 4, tokens: 10 });
  });

  test('if_version older than the current → 409 conflict', async () => {
    const path = await conversation('read-5', manual, 1);
    expect((await app.get(`${path}/context?if_version=2`)).status).toBe(200);
    const { status, body } = await app.get(`${path}/context?if_version=1`);
    expect(status).toBe(409);
    expect(body).toEqual({
      error: 'conflict',
      message: 'Context version changed (expected 1, found 2)',
      current_version: 2,
    });
  });

  test('ETag is the version and the budget; If-None-Match → 304', async () => {
    const path = await conversation('read-6', manual, 1);
    const first = await app.get(`${path}/context`);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[^"]+"$/);
    const same = await app.get(`${path}/context`, { 'if-none-match': tag });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', tag]);
    const other = await app.get(`${path}/context?budget_tokens=30`, { 'if-none-match': tag });
    expect(other.status).toBe(200);
    const explained = await app.get(`${path}/context?explain=true`, { 'if-none-match': tag });
    expect(explained.status).toBe(200);
    await app.post(`${path}/messages`, { message: message('new') });
    expect((await app.get(`${path}/context`, { 'if-none-match': tag })).status).toBe(200);
  });

  test('a tag of an erased context does not match the context that was created afresh', async () => {
    const path = await conversation('read-7', manual, 1);
    const tag = (await app.get(`${path}/context`)).headers.get('etag') ?? '';
    await app.call('DELETE', `${path}?mode=erase`);
    await conversation('read-7', manual, 1);
    expect((await app.get(`${path}/context`, { 'if-none-match': tag })).status).toBe(200);
  });

  test('If even the last unit cannot fit: 422 budget_unsatisfiable with minimum_tokens', async () => {
    const path = await conversation('read-8', manual, 2);
    const { status, body } = await app.get(`${path}/context?budget_tokens=19`);
    expect([status, body.error, body.minimum_tokens]).toEqual([422, 'budget_unsatisfiable', 20]);
    expect((await app.get(`${path}/context?budget_tokens=20`)).status).toBe(200);
  });

  test('?explain=true adds per-message {seq, kept, reason, tokens}', async () => {
    const path = await conversation('read-9', manual, 3);
    const { body } = await app.get(`${path}/context?budget_tokens=25&explain=true`);
    expect(body.explain.length).toBeGreaterThan(0);
    for (const entry of body.explain) {
      expect(Object.keys(entry).toSorted()).toEqual(['kept', 'reason', 'seq', 'tokens']);
    }
    const kept = body.explain.filter((entry: { kept: boolean }) => entry.kept);
    expect(kept.map((entry: { seq: number }) => entry.seq)).toEqual([5, 6]);
  });

  test('needs_compaction: used_tokens > floor(token_budget × trigger_ratio) after the policy ran', async () => {
    const path = await conversation('read-10', { ...manual, token_budget: 100, trigger_ratio: 0.6 }, 3);
    expect((await app.get(`${path}/context`)).body.needs_compaction).toBe(false);
    await app.post(`${path}/messages`, { message: message('q', { token_count: 1 }) });
    expect((await app.get(`${path}/context`)).body.needs_compaction).toBe(true);
    expect((await app.get(path)).body).toMatchObject({ used_tokens: 61, needs_compaction: true });
  });
});

describe('POST /v1/contexts/:id/compact', () => {
  test('replaces the window in full; the log is untouched; version +1 for every compaction', async () => {
    const path = await conversation('compact-1', manual, 3);
    const before = await app.get(`${path}/tail`);
    const replacement = [message('summary', { token_count: 12, metadata: { by: 'me' } })];
    const { status, body } = await app.post(`${path}/compact`, { replacement });
    expect([status, body]).toEqual([200, { version: 7 }]);
    const window = await app.get(`${path}/context`);
    expect(window.body).toMatchObject({ version: 7, used_tokens: 12 });
    expect(texts(window.body)).toEqual(['summary']);
    expect((await app.get(`${path}/tail`)).body).toEqual(before.body);
  });

  test('if_version guards a compaction', async () => {
    const path = await conversation('compact-2', manual, 1);
    const { status, body } = await app.post(`${path}/compact`, {
      replacement: [message('s')],
      if_version: 1,
    });
    expect([status, body.error, body.current_version]).toEqual([409, 'conflict', 2]);
  });

  test('up_to_seq: the replacement stands for messages up to there; later ones stay live', async () => {
    const path = await conversation('compact-3', manual, 3);
    await app.post(`${path}/compact`, { replacement: [message('sum', { token_count: 5 })], up_to_seq: 4 });
    const { body } = await app.get(`${path}/context`);
    expect(texts(body)).toEqual(['sum', 'q3', 'a3']);
    expect(body.used_tokens).toBe(25);
    const later = await app.post(`${path}/compact`, { replacement: [message('less')], up_to_seq: 2 });
    expect([later.status, later.body.error, later.body.field]).toEqual([
      400,
      'invalid_up_to_seq',
      'up_to_seq',
    ]);
  });

  test('a window with a replacement is what the OpenAPI document says', async () => {
    const path = await conversation('compact-5', manual, 2);
    await app.post(`${path}/compact`, { replacement: [message('sum')], up_to_seq: 2 });
    const { body } = await app.get(`${path}/context?explain=true`);
    expect(windowAnswer.parse(body)).toEqual(body);
  });

  test('a replacement that a model provider would refuse is refused: invalid_window', async () => {
    const path = await conversation('compact-4', manual, 1);
    const { status, body } = await app.post(`${path}/compact`, {
      replacement: [message('I begin', { role: 'assistant' })],
    });
    expect([status, body.error]).toEqual([400, 'invalid_window']);
  });
});
