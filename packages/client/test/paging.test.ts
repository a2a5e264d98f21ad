import { expect, test } from '@jest/globals';
import { createClient } from '../src/index.js';
import { error, json, ScriptedNode } from './scripted-node.js';

// A real page that is too large has 64 MiB; that the store refuses it so is tested with the store.
test('pages that are too large in bytes are asked for in smaller ones', async () => {
  const total = 34;
  const mostInPage = 8;
  const asked: number[] = [];
  const node = await ScriptedNode.start((response, request) => {
    const query = new URL(request.url, 'http://node').searchParams;
    const limit = Number(query.get('limit'));
    asked.push(limit);
    const from = Number(query.get('cursor') ?? query.get('from_seq') ?? 1);
    const seqs = Array.from({ length: Math.min(limit, total - from + 1) }, (_, i) => from + i);
    if (seqs.length > mostInPage) return error(413, 'page_too_large')(response, request);
    const message = { role: 'user', parts: [], metadata: {}, token_count: 1, inserted_at: '' };
    const messages = seqs.map((seq) => ({ seq, ...message }));
    const next = from + seqs.length;
    json(200, { messages, next_cursor: next > total ? null : String(next) })(response, request);
  });
  try {
    const ctx = await createClient({ baseUrl: node.url }).context('large');
    const seqs: number[] = [];
    for await (const { seq } of ctx.messages({ pageSize: 1000 })) seqs.push(seq);
    expect(seqs).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(asked).toEqual([1000, 500, 250, 125, 62, 31, 15, 7, 7, 7, 7, 7]);
  } finally {
    await node.close();
  }
});
