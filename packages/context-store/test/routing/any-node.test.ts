import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { ContextStore, MessageInput } from '../../src/index.js';
import { ClusterBench } from '../support/cluster-bench.js';
import { changesOf, shown } from '../support/collect-changes.js';
import { text } from '../support/group-bench.js';

const names = ['a', 'b', 'c', 'd', 'e'];
/** More than one group, so that each node leads some, follows some, and has no replica of others. */
const ids = Array.from({ length: 24 }, (_, n) => `context-${String(n).padStart(2, '0')}`);

let bench: ClusterBench;
let stores: readonly ContextStore[];

const nth = (n: number): ContextStore => {
  const store = stores[n % stores.length];
  if (store === undefined) throw new Error('There is no store.');
  return store;
};

/** What a call gives on each node, which must be one and the same thing. */
async function everywhere<T>(call: (store: ContextStore) => Promise<T>): Promise<T> {
  const answers = await Promise.all(
    stores.map(async (store) => {
      try {
        return { answer: await call(store) };
      } catch (error) {
        const { code, message, details } = error as { code: string; message: string; details: unknown };
        return { error: { code, message, details } };
      }
    }),
  );
  const [first, ...others] = answers;
  for (const other of others) expect(other).toEqual(first);
  if (first === undefined || !('answer' in first)) throw first?.error ?? new Error('There is no node.');
  return first.answer as T;
}

const readable = (messages: readonly Uint8Array[]): unknown[] =>
  messages.map((json) => JSON.parse(Buffer.from(json).toString()) as unknown);

async function linesOf(store: ContextStore, id: string, range = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.export(id, range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** So many that no node is left without some of each kind, wherever its random id places them. */
const groups = 48;

beforeAll(async () => {
  // Times at which a busy machine holds no election.
  const raft = { timing: { heartbeatMs: 100, electionTimeoutMs: 2_000 } };
  bench = await ClusterBench.create({ size: 5 }, { groups, raft });
  stores = await bench.startAll(...names);
  for (const [n, id] of ids.entries()) {
    await nth(n).put(id, { metadata: { n, __proto__: 'x', even: n % 2 === 0 } });
    for (let turn = 0; turn < 6; turn += 1) {
      const messages: MessageInput[] = [text(`${id} ${turn}`), text('yes', { role: 'assistant' })];
      await nth(n + turn + 1).append(id, messages);
    }
  }
});

afterAll(() => bench.close());

describe('in a cluster of five, three of which have each context', () => {
  test('each node serves contexts that it leads, that it follows, and that it has no replica of', () => {
    for (const store of stores) {
      const { leader, follower } = store.status().groups;
      expect(leader).toBeGreaterThan(0);
      expect(follower).toBeGreaterThan(0);
      expect(leader + follower).toBeLessThan(groups);
    }
  });

  test('every read gives the same on every node', async () => {
    for (const id of ids) {
      const view = await everywhere((store) => store.get(id));
      expect(view).toMatchObject({ id, version: 6, last_seq: 12 });
      const window = await everywhere(async (store) => {
        const { messages, ...rest } = await store.window(id, { explain: true, budgetTokens: 500 });
        return { ...rest, messages: readable(messages) };
      });
      expect(window.messages).toHaveLength(12);
      const tail = await everywhere(async (store) => readable(await store.tail(id, { limit: 3, offset: 1 })));
      expect(tail).toMatchObject([{ seq: 9 }, { seq: 10 }, { seq: 11 }]);
      const page = await everywhere(async (store) => {
        const { messages, nextCursor } = await store.messages(id, { fromSeq: -8, limit: 5 });
        return { messages: readable(messages), nextCursor };
      });
      expect(page).toMatchObject({ messages: { length: 5 }, nextCursor: 9 });
      const lines = await everywhere((store) => linesOf(store, id, { fromSeq: 2 }));
      expect(lines.split('\n')).toHaveLength(12);
      const { changes } = await everywhere(async (store) => {
        const { changes, ...rest } = await changesOf(store, id, 0);
        return { ...rest, changes: changes.map(shown) };
      });
      expect(changes.filter(({ type }) => type === 'message')).toHaveLength(12);
    }
  });

  test('an error says the same on every node', async () => {
    const [id = ''] = ids;
    const calls: [string, (store: ContextStore) => Promise<unknown>][] = [
      ['context_not_found', (store) => store.get('nobody')],
      ['context_not_found', (store) => store.tail('nobody')],
      ['context_not_found', (store) => store.export('nobody')],
      ['context_not_found', (store) => store.openStream('nobody')],
      ['context_not_found', (store) => store.append('nobody', [text('x')])],
      ['conflict', (store) => store.window(id, { ifVersion: 3 })],
      ['conflict', (store) => store.append(id, [text('x')], { ifVersion: 3 })],
      ['budget_unsatisfiable', (store) => store.window(id, { budgetTokens: 1 })],
      ['invalid_range', (store) => store.messages(id, { limit: 0 })],
      ['invalid_up_to_seq', (store) => store.compact(id, [text('x')], { upToSeq: 99 })],
      ['idempotency_conflict', (store) => store.append(id, [text('other', { id: 'known' })])],
    ];
    await nth(0).append(id, [text('first', { id: 'known' })]);
    for (const [code, call] of calls) {
      await expect(everywhere(call)).rejects.toMatchObject({ code });
    }
  });

  test('the list has every context once and in order, page by page, from every node', async () => {
    const pages = await everywhere(async (store) => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ limit: 5, ...(cursor !== undefined && { cursor }) });
        found.push(...page.contexts.map((context) => context.id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return found;
    });
    expect(pages).toEqual(ids);
    const filtered = await everywhere((store) =>
      store.list({ metadata: { even: 'true' }, prefix: 'context-1' }),
    );
    expect(filtered.contexts.map(({ id }) => id)).toEqual(
      ['10', '12', '14', '16', '18'].map((n) => `context-${n}`),
    );
  });

  test('a write on one node is seen by a read that follows on any other', async () => {
    for (let n = 0; n < 40; n += 1) {
      const id = ids[n % ids.length] ?? '';
      const { version } = await nth(n).append(id, [text(`again ${n}`)]);
      const views = await Promise.all(stores.map((store) => store.get(id)));
      for (const view of views) expect(view.version).toBe(version);
    }
  });

  test('a retry under a key gives the first answer, whichever node it goes to', async () => {
    const id = ids[1] ?? '';
    const first = await nth(0).append(id, [text('once')], { idempotencyKey: 'k1' });
    for (const store of stores) {
      const again = await store.append(id, [text('once')], { idempotencyKey: 'k1' });
      expect(again).toEqual({ ...first, deduped: true });
    }
  });

  test('settings, metadata, compaction, tombstone and erase work from any node', async () => {
    for (const [n] of names.entries()) {
      const id = `life-${n}`;
      expect(await nth(n).put(id, { tokenBudget: 100 })).toMatchObject({ created: true });
      expect(await nth(n + 1).put(id, {})).toMatchObject({ created: false, context: { token_budget: 100 } });
      const patched = await nth(n + 2).patchMetadata(
        id,
        JSON.parse('{"__proto__":{"a":1}}') as object as never,
      );
      expect(JSON.stringify(patched.metadata)).toBe('{"__proto__":{"a":1}}');
      expect(JSON.stringify((await nth(n + 3).get(id)).metadata)).toBe('{"__proto__":{"a":1}}');
      await nth(n + 3).append(id, [text('one'), text('two')]);
      expect(await nth(n + 4).compact(id, [text('short')], { upToSeq: 1 })).toEqual({ version: 2 });
      expect((await nth(n).window(id)).segments.map(({ type }) => type)).toEqual(['summary', 'live']);
      await nth(n + 1).tombstone(id);
      await expect(nth(n + 2).append(id, [text('late')])).rejects.toMatchObject({
        code: 'context_tombstoned',
      });
      await nth(n + 3).erase(id);
      await expect(nth(n + 4).get(id)).rejects.toMatchObject({ code: 'context_not_found' });
    }
  });

  test('an answer of many megabytes crosses in parts', async () => {
    const id = 'large';
    await nth(0).put(id, { tokenBudget: 1_000_000_000 });
    for (let n = 0; n < 3; n += 1)
      await nth(n).append(id, [text('x'.repeat(700_000), { tokenCount: 1, id: `m${n}` })]);
    const sizes = await everywhere(async (store) => {
      const window = await store.window(id);
      const tail = await store.tail(id);
      const lines = await linesOf(store, id);
      const size = (messages: readonly Uint8Array[]): number =>
        messages.reduce((sum, { length }) => sum + length, 0);
      return { window: size(window.messages), tail: size(tail), lines: lines.length };
    });
    expect(sizes.tail).toBeGreaterThan(2_100_000);
    expect(sizes.lines).toBe(sizes.tail + 3);
  });
});
