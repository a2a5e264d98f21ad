import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ContextStoreAdapter } from '@fastpaca/nestjs';
import { type Answer, type TestApplication, message, startApplication } from '../application.js';

const ndjson = { 'content-type': 'application/x-ndjson' };

let from: TestApplication;
let to: TestApplication;
beforeAll(async () => {
  from = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
  to = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4', FASTPACA_MAX_BODY_BYTES: '2000' });
  for (const id of ['a:1', 'a:2', 'b:1']) {
    await from.put(`/v1/contexts/${id}`, { metadata: { of: id }, token_budget: 1000 });
    const messages = Array.from({ length: 30 }, (_, n) => message(`${id} says ${n}`, { id: `m-${n}` }));
    await from.post(`/v1/contexts/${id}/messages`, { messages });
    await from.post(`/v1/contexts/${id}/compact`, { replacement: [message('A summary')], up_to_seq: 20 });
  }
  await from.call('DELETE', '/v1/contexts/b:1');
});
afterAll(async () => {
  await from.close();
  await to.close();
});

const importInto = (app: TestApplication, body: string, query = ''): Promise<Answer> =>
  app.call('POST', `/v1/admin/import${query}`, { headers: ndjson, body });

describe('GET /v1/admin/backup', () => {
  test('streams NDJSON that POST /v1/admin/import takes: every answer is the same byte for byte', async () => {
    const backup = await from.get('/v1/admin/backup');
    expect(backup.headers.get('content-type')).toMatch('application/x-ndjson');
    // Far more than FASTPACA_MAX_BODY_BYTES: that limit is for JSON bodies.
    expect(backup.text.length).toBeGreaterThan(10_000);
    const report = await importInto(to, backup.text);
    expect([report.status, report.body]).toEqual([
      200,
      { imported: 3, replaced: 0, unchanged: 0, messages: 90, conflicts: [], conflict_count: 0 },
    ]);
    for (const id of ['a:1', 'a:2', 'b:1']) {
      for (const path of ['', '/tail?limit=1000', '/messages?limit=1000', '/context']) {
        const [before, after] = await Promise.all(
          [from, to].map((app) => app.get(`/v1/contexts/${id}${path}`)),
        );
        expect(after?.text).toBe(before?.text);
      }
      const lines = await Promise.all(
        [from, to].map((app) => app.get(`/v1/contexts/${id}/messages`, { accept: ndjson['content-type'] })),
      );
      expect(lines[1]?.text).toBe(lines[0]?.text);
    }
    const head = await from.call('HEAD', '/v1/admin/backup');
    expect([head.status, head.headers.get('content-type'), head.text]).toEqual([
      200,
      ndjson['content-type'],
      '',
    ]);
    expect((await importInto(to, backup.text)).body).toMatchObject({
      imported: 0,
      unchanged: 3,
      messages: 0,
    });
  });

  test('?prefix= and ?ids= narrow it; unknown ids are 404, both together 400', async () => {
    const idsOf = ({ text }: Answer) =>
      [...text.matchAll(/^\{"type":"context","id":"([^"]*)"/gm)].map(([, id]) => id);
    expect(idsOf(await from.get('/v1/admin/backup?prefix=a:'))).toEqual(['a:1', 'a:2']);
    expect(idsOf(await from.get('/v1/admin/backup?ids=b:1,a:2'))).toEqual(['b:1', 'a:2']);
    expect(idsOf(await from.get('/v1/admin/backup?prefix=zzz'))).toEqual([]);
    const unknown = await from.get('/v1/admin/backup?ids=a:1,nobody');
    expect([unknown.status, unknown.body.error]).toEqual([404, 'context_not_found']);
    for (const query of ['ids=', 'ids=a:1,,b', 'ids=a:1&prefix=a']) {
      const { status, body } = await from.get(`/v1/admin/backup?${query}`);
      expect([query, status, body.field]).toEqual([query, 400, 'ids']);
    }
  });
});

describe('POST /v1/admin/import', () => {
  test('a context that differs is a conflict of the report, or replaced with ?on_conflict=overwrite', async () => {
    const { text } = await from.get('/v1/admin/backup?ids=a:1');
    await from.post('/v1/contexts/a:1/messages', { message: message('later') });
    const kept = await importInto(from, text);
    expect(kept.body).toMatchObject({ conflict_count: 1, conflicts: [{ id: 'a:1' }] });
    const replaced = await importInto(from, text, '?on_conflict=overwrite');
    expect(replaced.body).toMatchObject({ replaced: 1, conflict_count: 0, messages: 30 });
    expect((await from.get('/v1/contexts/a:1')).body.last_seq).toBe(30);
    expect((await importInto(from, text, '?on_conflict=merge')).body.field).toBe('on_conflict');
  });

  test('a backup that is cut off is 400 invalid_backup, another content type 415', async () => {
    const { text } = await from.get('/v1/admin/backup');
    const cut = await importInto(to, text.slice(0, -100));
    expect([cut.status, cut.body.error]).toEqual([400, 'invalid_backup']);
    const json = await to.call('POST', '/v1/admin/import', { body: '{}' });
    expect([json.status, json.body.error]).toEqual([415, 'unsupported_media_type']);
    const append = await to.call('POST', '/v1/contexts/a:1/messages', { headers: ndjson, body: '{}' });
    expect([append.status, append.body.error]).toEqual([415, 'unsupported_media_type']);
  });

  test('refuses at once, and answers, though the client would send much more', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(sent === 0 ? Buffer.from('this is not a backup\n') : Buffer.alloc(1 << 20, 'x'));
        sent += 1;
      },
    });
    const request = { method: 'POST', headers: ndjson, body, duplex: 'half' } as const;
    const answer = await fetch(`${to.url}/v1/admin/import`, request);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_backup' }]);
    expect(sent).toBeLessThan(1_000);
  });
});

test('/v1/admin needs the API key, and is not there with FASTPACA_ADMIN_ENABLED=false', async () => {
  const locked = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4', FASTPACA_API_KEY: 'k' });
  const off = await startApplication({
    FASTPACA_TOKEN_ESTIMATOR: 'chars:4',
    FASTPACA_ADMIN_ENABLED: 'false',
  });
  try {
    expect((await locked.get('/v1/admin/backup')).status).toBe(401);
    expect((await importInto(locked, 'x')).status).toBe(401);
    expect((await locked.get('/v1/admin/backup', { authorization: 'Bearer k' })).status).toBe(200);
    const { status, body } = await off.get('/v1/admin/backup');
    expect([status, body.error]).toEqual([404, 'not_found']);
    expect((await importInto(off, 'x')).status).toBe(404);
  } finally {
    await locked.close();
    await off.close();
  }
});

test('a body that does not arrive in time is 408; an import may take longer', async () => {
  const adapter = new ContextStoreAdapter({ requestTimeoutMs: 300 });
  const fastify = adapter.getInstance();
  fastify.post('/slow', (_request, reply) => reply.send('read'));
  fastify.post('/import', async (request) => {
    let bytes = 0;
    for await (const chunk of request.body as AsyncIterable<Uint8Array>) bytes += chunk.length;
    return { bytes };
  });
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  /** Half a body, and the other half after so many milliseconds; without a number only once there is an answer. */
  const send = async (path: string, type: string, pauseMs?: number): Promise<number | undefined> => {
    const request = httpRequest(url + path, { method: 'POST', headers: { 'content-type': type } });
    const answered = once(request, 'response');
    // A connection that the server ends may be reset under the last bytes.
    request.on('error', () => undefined);
    request.write('{');
    await (pauseMs === undefined ? answered : delay(pauseMs));
    request.end('}');
    const [response] = (await answered) as { statusCode?: number }[];
    return response?.statusCode;
  };
  try {
    expect(await send('/slow', 'application/json')).toBe(408);
    expect(await send('/import', 'application/x-ndjson', 900)).toBe(200);
  } finally {
    await fastify.close();
  }
});
