import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { MessageInput, WindowView } from '../../src/index.js';
import { text } from '../support/group-bench.js';
import { parse, StoreBench } from '../support/open-store.js';

const seqs = (view: WindowView): unknown[] => view.messages.map((json) => parse(json)['seq']);
const turn = (n: number, tokenCount = 10): MessageInput[] => [
  text(`question ${n}`, { tokenCount }),
  text(`answer ${n}`, { role: 'assistant', tokenCount }),
];
const bytes = (view: WindowView): string => Buffer.concat(view.messages).toString();

describe('window', () => {
  let bench: StoreBench;
  beforeEach(async () => {
    bench = await StoreBench.open();
  });
  afterEach(() => bench.close());

  test('is empty for a new context', async () => {
    await bench.store.put('c', {});
    expect(await bench.store.window('c')).toMatchObject({
      version: 0,
      messages: [],
      usedTokens: 0,
      segments: [],
    });
  });

  test('only grows at its end between two cuts, byte for byte, and the cut counts as a version', async () => {
    await bench.store.put('c', { tokenBudget: 200, triggerRatio: 0.5 });
    let before = '';
    let cuts = 0;
    let version = 0;
    for (let n = 0; n < 60; n += 1) {
      const appended = await bench.store.append('c', turn(n), { ifVersion: version });
      const view = await bench.store.window('c');
      expect(view.version).toBe(appended.version);
      expect(view.usedTokens).toBeLessThanOrEqual(100);
      if (appended.version === version + 1) expect(bytes(view).startsWith(before)).toBe(true);
      else {
        expect(appended.version).toBe(version + 2);
        cuts += 1;
      }
      version = appended.version;
      before = bytes(view);
    }
    expect(cuts).toBeGreaterThan(5);
    expect(cuts).toBeLessThan(30);
  });

  test('budget_tokens overrides the budget for one read, and never brings back what was cut', async () => {
    await bench.store.put('c', { tokenBudget: 1_000, policy: { strategy: 'last_n', config: { limit: 4 } } });
    for (let n = 0; n < 4; n += 1) await bench.store.append('c', turn(n));
    const stored = await bench.store.window('c');
    const small = await bench.store.window('c', { budgetTokens: 25 });
    expect(seqs(small)).toEqual([7, 8]);
    expect(small.usedTokens).toBe(20);
    expect(seqs(await bench.store.window('c', { budgetTokens: 100_000 }))).toEqual(seqs(stored));
    expect(small.etag).not.toBe(stored.etag);
  });

  test('a budget that not even the last turn fits is refused with the tokens it needs', async () => {
    await bench.store.put('c', {});
    await bench.store.append('c', turn(1, 50));
    await expect(bench.store.window('c', { budgetTokens: 99 })).rejects.toMatchObject({
      code: 'budget_unsatisfiable',
      status: 422,
      details: { minimum_tokens: 100 },
    });
    expect(seqs(await bench.store.window('c', { budgetTokens: 100 }))).toEqual([1, 2]);
  });

  test('if_version other than the current one is a conflict', async () => {
    await bench.store.put('c', {});
    await bench.store.append('c', turn(1));
    expect((await bench.store.window('c', { ifVersion: 1 })).version).toBe(1);
    await expect(bench.store.window('c', { ifVersion: 0 })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Context version changed (expected 0, found 1)',
      details: { current_version: 1 },
    });
  });

  test('skip_parts cuts parts out of the stored bytes', async () => {
    await bench.store.put('c', {
      tokenBudget: 100,
      triggerRatio: 0.5,
      policy: { strategy: 'skip_parts', config: { skip_kinds: ['tool', 'reasoning'] } },
    });
    const tool = { type: 'tool-look', toolCallId: 't', state: 'output-available', output: 'ü'.repeat(100) };
    await bench.store.append('c', [
      text('where?', { tokenCount: 5 }),
      {
        role: 'assistant',
        parts: [{ type: 'reasoning', text: 'hm' }, tool, { type: 'text', text: 'hier, größer' }],
        tokenCount: 40,
      },
      text('and now?', { tokenCount: 10 }),
    ]);
    const view = await bench.store.window('c');
    expect(view.messages.map((json) => parse(json)['parts'])).toEqual([
      [{ type: 'text', text: 'where?' }],
      [{ type: 'text', text: 'hier, größer' }],
      [{ type: 'text', text: 'and now?' }],
    ]);
    expect(
      (await bench.store.messages('c', { fromSeq: 2, toSeq: 2 })).messages.map(
        (json) => parse(json)['parts'],
      ),
    ).toMatchObject([[{ type: 'reasoning' }, { type: 'tool-look' }, { type: 'text' }]]);
  });

  test('manual never drops; needs_compaction says so, and a read keeps the budget', async () => {
    await bench.store.put('c', { tokenBudget: 50, policy: { strategy: 'manual', config: {} } });
    for (let n = 0; n < 10; n += 1) await bench.store.append('c', turn(n));
    const view = await bench.store.window('c');
    expect(view).toMatchObject({ version: 10, needsCompaction: true, usedTokens: 40 });
    expect(await bench.store.get('c')).toMatchObject({ used_tokens: 200, needs_compaction: true });
    expect((await bench.store.window('c', { budgetTokens: 500 })).messages).toHaveLength(20);
  });

  test('a replacement stands for the log, which is untouched, and later messages follow it', async () => {
    await bench.store.put('c', {});
    for (let n = 0; n < 3; n += 1) await bench.store.append('c', turn(n));
    const summary = [text('What was said so far: nothing.', { tokenCount: 7 })];
    expect(await bench.store.compact('c', summary, { ifVersion: 3 })).toEqual({ version: 4 });
    await bench.store.append('c', turn(4));
    const view = await bench.store.window('c');
    expect(seqs(view)).toEqual([null, 7, 8]);
    expect(view.segments).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 6, tokens: 7 },
      { type: 'live', from_seq: 7, to_seq: 8, tokens: 20 },
    ]);
    expect((await bench.store.messages('c')).messages).toHaveLength(8);
    await bench.restart();
    expect(bytes(await bench.store.window('c'))).toBe(bytes(view));
  });

  test('up_to_seq keeps what was appended while the summary was made', async () => {
    await bench.store.put('c', {});
    for (let n = 0; n < 3; n += 1) await bench.store.append('c', turn(n));
    await bench.store.compact('c', [text('Summary.', { tokenCount: 7 })], { upToSeq: 4 });
    expect(seqs(await bench.store.window('c'))).toEqual([null, 5, 6]);
  });

  test('a summary that comes after one of more messages is refused, or what lies between would be in no window', async () => {
    await bench.store.put('c', {});
    for (let n = 0; n < 4; n += 1) await bench.store.append('c', turn(n));
    await bench.store.compact('c', [text('Of six.')], { upToSeq: 6 });
    const late = bench.store.compact('c', [text('Of two.')], { upToSeq: 2 });
    await expect(late).rejects.toMatchObject({ code: 'invalid_up_to_seq', details: { field: 'up_to_seq' } });
    expect(seqs(await bench.store.window('c'))).toEqual([null, 7, 8]);
    await bench.store.compact('c', [text('Of six, better.')], { upToSeq: 6 });
    expect(seqs(await bench.store.window('c'))).toEqual([null, 7, 8]);
  });

  test('a shorter replacement leaves nothing of a longer one', async () => {
    await bench.store.put('c', {});
    await bench.store.append('c', turn(1));
    await bench.store.compact('c', [text('One.'), text('Two.'), text('Three.')]);
    await bench.store.compact('c', [text('Only.')]);
    expect((await bench.store.window('c')).messages.map((json) => parse(json)['parts'])).toEqual([
      [{ type: 'text', text: 'Only.' }],
    ]);
  });

  test.each([
    ['begins with an assistant', [text('I', { role: 'assistant' })], {}, 'invalid_window'],
    [
      'has a result without a call',
      [text('u'), { role: 'tool', parts: [{ type: 'tool_result', tool_use_id: 'x' }] }],
      {},
      'invalid_window',
    ],
    ['stands for more than there is', [text('u')], { upToSeq: 3 }, 'invalid_up_to_seq'],
    ['is of another version', [text('u')], { ifVersion: 7 }, 'conflict'],
  ])('a replacement that %s is refused', async (_, replacement, options, code) => {
    await bench.store.put('c', {});
    await bench.store.append('c', turn(1));
    await expect(bench.store.compact('c', replacement, options)).rejects.toMatchObject({ code });
    expect(seqs(await bench.store.window('c'))).toEqual([1, 2]);
  });

  test('explain says of each message why it is there or not', async () => {
    await bench.store.put('c', { policy: { strategy: 'last_n', config: { limit: 2 } } });
    for (let n = 0; n < 3; n += 1) await bench.store.append('c', turn(n));
    const { explain, messages } = await bench.store.window('c', { explain: true });
    expect(messages).toHaveLength(2);
    expect(explain?.map(({ seq, kept, reason }) => [seq, kept, reason])).toEqual([
      [1, false, 'cut'],
      [2, false, 'cut'],
      [3, false, 'cut'],
      [4, false, 'cut'],
      [5, true, 'live'],
      [6, true, 'live'],
    ]);
    expect((await bench.store.window('c')).explain).toBeUndefined();
  });

  test('a tag stays while the window does, and tells an erased context from the new one of its id', async () => {
    await bench.store.put('c', {});
    await bench.store.append('c', turn(1));
    const { etag } = await bench.store.window('c');
    await bench.store.patchMetadata('c', { a: 1 });
    expect((await bench.store.window('c')).etag).toBe(etag);
    await bench.restart();
    expect((await bench.store.window('c')).etag).toBe(etag);
    await bench.store.erase('c');
    await bench.store.put('c', {});
    await bench.store.append('c', turn(2));
    expect((await bench.store.window('c')).etag).not.toBe(etag);
  });

  test('reads that race with appends give a window of one version each', async () => {
    await bench.restart({ cacheBytes: 1 });
    await bench.store.put('c', { tokenBudget: 300, triggerRatio: 1 });
    const reads: Promise<WindowView>[] = [];
    for (let n = 0; n < 40; n += 1) {
      const append = bench.store.append('c', turn(n));
      for (let m = 0; m < 4; m += 1) reads.push(bench.store.window('c'));
      await append;
    }
    for (const view of await Promise.all(reads)) {
      const found = seqs(view) as number[];
      expect(view.usedTokens).toBe(found.length * 10);
      expect(found).toEqual(found.map((_, n) => (found[0] ?? 0) + n));
    }
  });
});
