import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ContextStore, type AppendedMessage } from '../src/index.js';
import { text } from './support/group-bench.js';
import { parse, StoreBench } from './support/open-store.js';

describe('ContextStore', () => {
  let bench: StoreBench;
  beforeEach(async () => {
    bench = await StoreBench.open({ now: () => 1_700_000_000_123 });
  });
  afterEach(() => bench.close());

  test('a context is created with the defaults', async () => {
    expect(await bench.store.put('demo', {})).toEqual({
      created: true,
      context: {
        id: 'demo',
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
        created_at: '2023-11-14T22:13:20.123Z',
        updated_at: '2023-11-14T22:13:20.123Z',
      },
    });
  });

  test('an update keeps what is omitted, and does not move the version', async () => {
    const policy = { strategy: 'skip_parts', config: { keep_last: 3, note: ['as', 'sent'] } } as const;
    await bench.store.put('demo', { tokenBudget: 100, triggerRatio: 0.5, policy, metadata: { a: 1 } });
    expect(await bench.store.put('demo', { tokenBudget: 200 })).toMatchObject({
      created: false,
      context: { token_budget: 200, trigger_ratio: 0.5, policy, metadata: { a: 1 }, version: 0 },
    });
    expect(await bench.store.put('demo', { metadata: { b: 2 } })).toMatchObject({
      context: { metadata: { b: 2 } },
    });
    await bench.restart();
    expect(await bench.store.get('demo')).toMatchObject({ token_budget: 200, policy, metadata: { b: 2 } });
  });

  test.each([
    [{ tokenBudget: 0 }, 'invalid_settings', 'token_budget'],
    [{ tokenBudget: 1.5 }, 'invalid_settings', 'token_budget'],
    [{ triggerRatio: 0 }, 'invalid_settings', 'trigger_ratio'],
    [{ triggerRatio: 1.01 }, 'invalid_settings', 'trigger_ratio'],
    [{ triggerRatio: Number.NaN }, 'invalid_settings', 'trigger_ratio'],
    [{ policy: { strategy: 'last_n', config: { limit: 0 } } as never }, 'invalid_settings', 'policy'],
    [{ policy: { strategy: 'newest', config: {} } as never }, 'invalid_settings', 'policy'],
    [{ metadata: { a: 'x'.repeat(65_536) } }, 'invalid_metadata', 'metadata'],
    [{ metadata: [] as never }, 'invalid_metadata', 'metadata'],
  ])('settings %j are refused', async (settings, code, field) => {
    await expect(bench.store.put('demo', settings)).rejects.toMatchObject({
      code,
      status: 400,
      details: { field },
    });
    await expect(bench.store.get('demo')).rejects.toMatchObject({ code: 'context_not_found' });
  });

  test.each(['', 'a/b', 'ä', 'x'.repeat(257), 'a b', 'a\u0000'])('the id %j is refused', async (id) => {
    const invalid = { code: 'invalid_context_id', status: 400 };
    await expect(bench.store.put(id, {})).rejects.toMatchObject(invalid);
    await expect(bench.store.append(id, [text('x')])).rejects.toMatchObject(invalid);
  });

  test('metadata is merged: null removes, __proto__ is data', async () => {
    await bench.store.put('demo', { metadata: { a: 1, b: { c: 2 } } });
    const patch = JSON.parse('{"a":null,"b":{"d":3},"__proto__":{"polluted":true}}') as Record<
      string,
      unknown
    >;
    const context = await bench.store.patchMetadata('demo', patch);
    expect(JSON.stringify(context.metadata)).toBe('{"b":{"c":2,"d":3},"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    await bench.restart();
    expect(JSON.stringify((await bench.store.get('demo')).metadata)).toBe(JSON.stringify(context.metadata));
  });

  test('patches cannot make metadata grow without bound', async () => {
    await bench.store.put('demo', { metadata: { a: 'x'.repeat(40_000) } });
    await expect(bench.store.patchMetadata('demo', { b: 'x'.repeat(40_000) })).rejects.toMatchObject({
      code: 'invalid_metadata',
    });
    expect(Object.keys((await bench.store.get('demo')).metadata)).toEqual(['a']);
  });

  test('a tombstoned context can be read and not written, until it is made active again', async () => {
    await bench.store.put('demo', {});
    await bench.store.append('demo', [text('one')]);
    await bench.store.tombstone('demo');
    await bench.store.tombstone('demo');
    const tombstoned = { code: 'context_tombstoned', status: 409 };
    await expect(bench.store.append('demo', [text('two')])).rejects.toMatchObject(tombstoned);
    await expect(bench.store.compact('demo', [])).rejects.toMatchObject(tombstoned);
    await expect(bench.store.put('demo', {})).rejects.toMatchObject(tombstoned);
    await expect(bench.store.patchMetadata('demo', {})).rejects.toMatchObject(tombstoned);
    expect((await bench.store.messages('demo')).messages).toHaveLength(1);
    expect((await bench.store.window('demo')).messages).toHaveLength(1);
    expect(await bench.store.get('demo')).toMatchObject({ status: 'tombstoned', version: 1 });

    expect(await bench.store.put('demo', { status: 'active' })).toMatchObject({
      context: { status: 'active' },
    });
    expect(await bench.store.append('demo', [text('two')])).toMatchObject({
      version: 2,
      results: [{ seq: 2 }],
    });
  });

  test('an erased context is gone, with its messages and keys, and its id starts afresh', async () => {
    await bench.store.put('demo', { metadata: { old: true } });
    await bench.store.append('demo', [text('one', { id: 'm' })], { idempotencyKey: 'k' });
    await bench.store.erase('demo');
    await expect(bench.store.get('demo')).rejects.toMatchObject({ code: 'context_not_found' });
    await expect(bench.store.erase('demo')).rejects.toMatchObject({ code: 'context_not_found' });
    await bench.store.put('demo', {});
    expect((await bench.store.messages('demo')).messages).toEqual([]);
    expect(
      await bench.store.append('demo', [text('other', { id: 'm' })], { idempotencyKey: 'k' }),
    ).toMatchObject({
      version: 1,
      results: [{ seq: 1 }],
      deduped: false,
    });
    await bench.restart();
    expect((await bench.store.messages('demo')).messages.map(parse)).toMatchObject([{ seq: 1, id: 'm' }]);
  });

  test.each([
    [[], 'invalid_message', 'messages'],
    [[text('x', { role: '' })], 'invalid_message', 'role'],
    [[text('x', { role: 'r'.repeat(65) })], 'invalid_message', 'role'],
    [[{ role: 'user', parts: [] }], 'invalid_message', 'parts'],
    [[{ role: 'user', parts: [{ type: 'text' }, {}] }], 'invalid_message', 'parts[1].type'],
    [
      [{ role: 'user', parts: Array.from({ length: 1_001 }, () => ({ type: 'text' })) }],
      'invalid_message',
      'parts',
    ],
    [[text('x', { tokenCount: -1 })], 'invalid_message', 'token_count'],
    [[text('x', { tokenCount: 1e9 + 1 })], 'invalid_message', 'token_count'],
    [[text('x', { id: '' })], 'invalid_idempotency_key', 'id'],
    [[text('x', { id: 'i' }), text('y', { id: 'i' })], 'invalid_idempotency_key', 'id'],
  ])('messages that break a limit are refused (%#)', async (messages, code, field) => {
    await bench.store.put('demo', {});
    await expect(bench.store.append('demo', messages)).rejects.toMatchObject({
      code,
      status: 400,
      details: { field },
    });
    expect(await bench.store.get('demo')).toMatchObject({ version: 0 });
  });

  test('an append that no log entry can hold is refused, and nothing is written', async () => {
    await bench.store.put('demo', {});
    const large = text('x'.repeat(17 << 20), { tokenCount: 1 });
    await expect(bench.store.append('demo', [large])).rejects.toMatchObject({
      code: 'message_too_large',
      status: 413,
    });
    expect(await bench.store.get('demo')).toMatchObject({ version: 0 });
  });

  test('tokens are counted once, or taken from the client verbatim', async () => {
    await bench.store.put('demo', {});
    const appended = await bench.store.append('demo', [text('12345678'), text('x', { tokenCount: 77 })]);
    expect(appended.results).toEqual([
      { seq: 1, tokenEstimate: 5 },
      { seq: 2, tokenEstimate: 77 },
    ]);
    expect((await bench.store.messages('demo')).messages.map((json) => parse(json)['token_count'])).toEqual([
      5, 77,
    ]);
  });

  test('appends at once get each a seq of their own, without a hole', async () => {
    await bench.store.put('demo', {});
    const appended = await Promise.all(
      Array.from({ length: 100 }, (_, n) => bench.store.append('demo', [text(`${n}`)])),
    );
    const seqs = appended.flatMap(({ results }) => results.map(({ seq }) => seq)).sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test('of writers with one if_version a single one succeeds', async () => {
    await bench.store.put('demo', {});
    const tries = Array.from({ length: 20 }, () =>
      bench.store.append('demo', [text('mine')], { ifVersion: 0 }),
    );
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'conflict', details: { current_version: 1 } },
    });
  });

  test('a version or a seq that no context ever reaches is as wrong as any other', async () => {
    await bench.store.put('demo', {});
    const ifVersion = Number.MAX_SAFE_INTEGER;
    const conflict = { code: 'conflict', details: { current_version: 0 } };
    await expect(bench.store.append('demo', [text('mine')], { ifVersion })).rejects.toMatchObject(conflict);
    await expect(bench.store.compact('demo', [], { ifVersion })).rejects.toMatchObject(conflict);
    await expect(bench.store.compact('demo', [], { upToSeq: ifVersion })).rejects.toMatchObject({
      code: 'invalid_up_to_seq',
    });
  });

  test('observers hear of each message once, with who counted its tokens', async () => {
    const seen: AppendedMessage[] = [];
    await bench.restart({ observer: { onAppended: (message) => seen.push(message) } });
    await bench.store.put('demo', {});
    await bench.store.append('demo', [text('1234', { id: 'a' })]);
    await bench.store.append('demo', [text('1234', { id: 'a' })]);
    await bench.store.append('demo', [
      text('1234', { id: 'a' }),
      text('x', { role: 'assistant', tokenCount: 9 }),
    ]);
    expect(seen).toEqual([
      { contextId: 'demo', seq: 1, role: 'user', tokens: 4, source: 'server' },
      { contextId: 'demo', seq: 2, role: 'assistant', tokens: 9, source: 'client' },
    ]);
  });

  test('is ready, and shows its groups', () => {
    expect(bench.store.ready()).toEqual({ ready: true });
    expect(bench.store.status().groups).toMatchObject({ leader: 8, follower: 0, damaged: 0 });
  });

  test('after close every call says that the store is not available, and that nothing was written', async () => {
    await bench.store.put('demo', {});
    await bench.store.close();
    await expect(bench.store.append('demo', [text('x')])).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
    });
    await expect(bench.store.get('demo')).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  });

  test('appends that were answered are there after a close in their midst', async () => {
    await bench.store.put('demo', {});
    const writes = Array.from({ length: 200 }, (_, n) => bench.store.append('demo', [text(`${n}`)]));
    await writes[0];
    const [settled] = await Promise.all([Promise.allSettled(writes), bench.store.close()]);
    bench.store = await ContextStore.open(bench.options);
    const stored = new Set(
      (await bench.store.tail('demo', { limit: 1_000 })).map((json) => parse(json)['seq']),
    );
    for (const each of settled) {
      if (each.status === 'fulfilled') expect(stored.has(each.value.results[0]?.seq)).toBe(true);
      else expect(['unavailable', 'outcome_unknown']).toContain((each.reason as { code: string }).code);
    }
  });

  test('a directory of another node, or of another number of groups, is refused', async () => {
    await bench.store.close();
    await expect(ContextStore.open({ ...bench.options, nodeName: 'b' })).rejects.toMatchObject({
      code: 'wrong_node',
    });
    await expect(ContextStore.open({ ...bench.options, groups: 9 })).rejects.toMatchObject({
      code: 'wrong_groups',
    });
    bench.store = await ContextStore.open(bench.options);
  });

  test('a file in the place of the directory is refused with what to do', async () => {
    const file = join(bench.directory, 'file');
    await writeFile(file, '');
    await expect(ContextStore.open({ ...bench.options, directory: file })).rejects.toMatchObject({
      code: 'unusable_directory',
      message: expect.stringMatching(/EEXIST.*Name one that this process may make or write to/s),
    });
  });

  test('a directory that is open is refused', async () => {
    await expect(ContextStore.open(bench.options)).rejects.toMatchObject({ code: 'store_locked' });
    const other = join(await mkdtemp(join(bench.directory, 'other-')), 'deep', 'down');
    const second = await ContextStore.open({ ...bench.options, directory: other });
    await second.close();
  });
});
