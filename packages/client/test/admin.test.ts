import { afterEach, expect, test } from '@jest/globals';
import { createClient } from '../src/index.js';
import { ScriptedNode } from './scripted-node.js';

let node: ScriptedNode | null = null;
afterEach(() => node?.close());

test('a backup that is aborted while it is read ends with the reason', async () => {
  node = await ScriptedNode.start((response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"type":"header"}\n');
  });
  const controller = new AbortController();
  const backup = await createClient({ baseUrl: node.url }).admin.backup({ signal: controller.signal });
  const reader = backup.getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('{"type":"header"}\n');
  const next = reader.read();
  const reason = new Error('Nobody wants it any more.');
  controller.abort(reason);
  await expect(next).rejects.toBe(reason);
}, 5_000);

test.each([
  { status: 401, error: 'unauthorized', outcomeUnknown: false },
  { status: 429, error: 'rate_limited', outcomeUnknown: false },
  // Contexts before the one that failed are there.
  { status: 503, error: 'unavailable', outcomeUnknown: true },
  { status: 400, error: 'invalid_request', outcomeUnknown: true },
])('an import that is answered with $status: outcomeUnknown $outcomeUnknown', async (answer) => {
  const { status, error, outcomeUnknown } = answer;
  node = await ScriptedNode.start((response) => {
    const headers = { 'content-type': 'application/json' };
    response.writeHead(status, headers).end(JSON.stringify({ error, message: 'No.' }));
  });
  const backup = new Blob(['{"type":"header"}\n']).stream();
  const importing = createClient({ baseUrl: node.url }).admin.import(backup);
  await expect(importing).rejects.toMatchObject({ code: error, attempts: 1, outcomeUnknown });
});

test('an import that reached no node has written nothing', async () => {
  const backup = new Blob(['{"type":"header"}\n']).stream();
  const gone = await ScriptedNode.start();
  const baseUrl = gone.url;
  await gone.close();
  const importing = createClient({ baseUrl }).admin.import(backup);
  await expect(importing).rejects.toMatchObject({ code: 'connection_failed', outcomeUnknown: false });
});
