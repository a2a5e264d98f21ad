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
