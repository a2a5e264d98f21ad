import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { changesOf, shown } from '../support/collect-changes.js';
import { text } from '../support/group-bench.js';
import { StoreBench } from '../support/open-store.js';

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.open();
});
afterEach(async () => {
  await bench.close();
});

const load = { usedTokens: 0, needsCompaction: false };

async function eventful(): Promise<void> {
  await bench.store.put('demo', { tokenBudget: 40, triggerRatio: 0.5 });
  await bench.store.append('demo', [text('a', { tokenCount: 15 })]);
  await bench.store.append('demo', [text('b', { tokenCount: 15 })]);
  await bench.store.compact('demo', [text('s', { tokenCount: 30 })]);
}

const history = [
  { type: 'message', version: 1, seq: 1, message: '1:a', last: false },
  { type: 'context', version: 1, needsCompaction: false, usedTokens: 15 },
  { type: 'message', version: 2, seq: 2, message: '2:b', last: true },
  { type: 'compaction', version: 3, range: { fromSeq: 1, toSeq: 1 }, last: false },
  { type: 'context', version: 3, needsCompaction: false, usedTokens: 15 },
  { type: 'compaction', version: 4, range: { fromSeq: 1, toSeq: 2 }, last: false },
  { type: 'context', version: 4, needsCompaction: true, usedTokens: 30 },
];

describe('changes of a context', () => {
  test('cursor 0 replays everything: messages, compactions, and how full the window was then', async () => {
    await eventful();
    const { changes, ended } = await changesOf(bench.store, 'demo', 0);
    expect(changes.map(shown)).toEqual(history);
    expect(ended).toBe(false);
  });

  test('replay after a restart gives what was given live', async () => {
    await bench.store.put('demo', {});
    let page = await bench.store.openStream('demo');
    const live = [];
    await eventful();
    while (page.next.version < 4) {
      page = await bench.store.changes('demo', page.next);
      live.push(...page.changes);
    }
    await bench.restart();
    expect(live.map(shown)).toEqual(history);
    expect((await changesOf(bench.store, 'demo', 0)).changes.map(shown)).toEqual(history);
  });

  test('a cursor between an append and the compaction that it caused gives the compaction', async () => {
    await eventful();
    const { changes } = await changesOf(bench.store, 'demo', 2);
    expect(changes.map(shown)).toEqual(history.slice(3));
  });

  test('a cursor at the end gives nothing, nor does a stream without one', async () => {
    await eventful();
    expect((await changesOf(bench.store, 'demo', 4)).changes).toEqual([]);
    expect((await changesOf(bench.store, 'demo')).changes).toEqual([]);
  });

  test('a cursor beyond the end gives reset with the current version, then what is new', async () => {
    await eventful();
    const { changes, next } = await changesOf(bench.store, 'demo', 99);
    expect(changes).toEqual([{ type: 'reset', version: 4 }]);
    await bench.store.append('demo', [text('c', { tokenCount: 1 })]);
    const page = await bench.store.changes('demo', next);
    expect(page.changes.map(({ type, version }) => [type, version])).toEqual([
      ['message', 5],
      ['context', 5],
    ]);
  });

  test('settings that change what the window says give a context; others nothing', async () => {
    await eventful();
    const { next } = await changesOf(bench.store, 'demo');
    await bench.store.put('demo', { metadata: { a: 1 } });
    expect(await bench.store.changes('demo', next, { waitMs: 0 })).toEqual({
      changes: [],
      next,
      ended: false,
    });
    await bench.store.put('demo', { triggerRatio: 1 });
    const page = await bench.store.changes('demo', next);
    expect(page.changes).toEqual([{ type: 'context', version: 4, needsCompaction: false, usedTokens: 30 }]);
    const since = await changesOf(bench.store, 'demo', 4);
    expect(since.changes).toEqual(page.changes);
  });

  test('a tombstone ends it, also for those who come later', async () => {
    await eventful();
    await bench.store.tombstone('demo');
    expect(await changesOf(bench.store, 'demo')).toMatchObject({
      changes: [{ type: 'tombstoned', version: 4 }],
      ended: true,
    });
    const all = await changesOf(bench.store, 'demo', 0);
    expect(all.changes.map(shown)).toEqual([...history, { type: 'tombstoned', version: 4 }]);
  });

  test('an erase ends it with reset', async () => {
    await eventful();
    const { next } = await changesOf(bench.store, 'demo');
    await bench.store.erase('demo');
    expect(await bench.store.changes('demo', next)).toEqual({
      changes: [{ type: 'reset', version: 4 }],
      next,
      ended: true,
    });
    await expect(bench.store.openStream('demo')).rejects.toMatchObject({ code: 'context_not_found' });
  });

  test('an id that was erased and created again is another history: reset, and on from its end', async () => {
    await eventful();
    const { next } = await changesOf(bench.store, 'demo');
    await bench.store.erase('demo');
    await bench.store.put('demo', {});
    for (let n = 0; n < 6; n += 1) await bench.store.append('demo', [text('new', { tokenCount: 0 })]);
    const page = await bench.store.changes('demo', next);
    expect(page).toMatchObject({ changes: [{ type: 'reset', version: 6 }], ended: false });
    expect((await changesOf(bench.store, 'demo', 0)).changes[0]).toMatchObject({ version: 1, seq: 1 });
  });

  test('a batch is one version, whatever the pages are', async () => {
    await bench.store.put('demo', { tokenBudget: 1_000_000, policy: { strategy: 'manual', config: {} } });
    const big = 'x'.repeat(3_000);
    await bench.store.append(
      'demo',
      Array.from({ length: 1_000 }, () => text(big, { tokenCount: 1 })),
    );
    await bench.store.append(
      'demo',
      Array.from({ length: 1_000 }, () => text('y', { tokenCount: 1 })),
    );
    for (const restart of [false, true]) {
      if (restart) await bench.restart();
      const { changes } = await changesOf(bench.store, 'demo', 0);
      const messages = changes.filter((each) => each.type === 'message');
      expect(messages.map(({ version, seq }) => [version, seq])).toEqual(
        Array.from({ length: 2_000 }, (_, n) => [n < 1_000 ? 1 : 2, n + 1]),
      );
      expect(changes.filter((each) => each.type === 'context').map(({ version }) => version)).toEqual([1, 2]);
    }
  });

  test('a page holds about 256 KiB, and one message of any size', async () => {
    await bench.store.put('demo', {});
    for (let n = 0; n < 6; n += 1)
      await bench.store.append('demo', [text('x'.repeat(100_000), { tokenCount: 1 })]);
    await bench.store.append('demo', [text('x'.repeat(1_000_000), { tokenCount: 1 })]);
    let page = await bench.store.openStream('demo', { cursor: 0 });
    const sizes: number[] = [];
    while (page.next.version < 7) {
      page = await bench.store.changes('demo', page.next);
      sizes.push(
        page.changes.reduce((sum, each) => sum + (each.type === 'message' ? size(each.message) : 0), 0),
      );
    }
    expect(sizes).toEqual([200_000, 200_000, 200_000, 1_000_000].map((each) => expect.closeTo(each, -3)));
  });

  test('without bodies a message is only its place', async () => {
    await eventful();
    const { next } = await bench.store.openStream('demo', { cursor: 0 });
    const page = await bench.store.changes('demo', next, { bodies: false });
    expect(page.changes[0]).toEqual({ type: 'message', version: 1, seq: 1, message: null, last: false });
    expect(page.changes).toHaveLength(history.length);
  });

  test('who waits is woken by a change of the context, not by one of another', async () => {
    await bench.store.put('demo', {});
    await bench.store.put('other', {});
    const { next } = await bench.store.openStream('demo');
    let answered = false;
    const waiting = bench.store.changes('demo', next, { waitMs: 60_000 }).finally(() => {
      answered = true;
    });
    await bench.store.append('other', [text('x')]);
    expect(answered).toBe(false);
    await bench.store.append('demo', [text('x')]);
    expect((await waiting).changes).toHaveLength(2);
  });

  test('who waits goes on waiting where a write is no change to a reader', async () => {
    await eventful();
    const { next } = await bench.store.openStream('demo');
    const waiting = bench.store.changes('demo', next, { waitMs: 60_000 });
    await bench.store.patchMetadata('demo', { topic: 'greetings' });
    await bench.store.append('demo', [text('news')]);
    expect((await waiting).changes.map(({ type }) => type)).toContain('message');
  });

  test('who waits in vain is answered with an empty page', async () => {
    await bench.store.put('demo', {});
    const { next } = await bench.store.openStream('demo');
    expect(await bench.store.changes('demo', next, { waitMs: 5 })).toEqual({
      changes: [],
      next,
      ended: false,
    });
  });

  test('a close wakes all who wait', async () => {
    await bench.store.put('demo', {});
    const { next } = await bench.store.openStream('demo');
    const waiting = bench.store.changes('demo', next, { waitMs: 60_000 });
    await bench.store.close();
    await expect(waiting).resolves.toMatchObject({ changes: [] });
  });

  test.each([-1, 0.5, Number.NaN])('a cursor of %p is refused', async (cursor) => {
    await bench.store.put('demo', {});
    await expect(bench.store.openStream('demo', { cursor })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  test('a new context has said nothing yet', async () => {
    await bench.store.put('demo', {});
    const page = await bench.store.openStream('demo', { cursor: 0 });
    expect(page).toMatchObject({ changes: [], next: { version: 0, load } });
  });
});

const size = (message: Uint8Array | null): number => message?.length ?? 0;
