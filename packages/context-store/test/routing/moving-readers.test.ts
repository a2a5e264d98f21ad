import { setTimeout as delay } from 'node:timers/promises';

import { createRandom, type Random } from '@fastpaca/raft-core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { ContextStore, StreamChange, StreamPosition } from '../../src/index.js';
import { ClusterBench, until } from '../support/cluster-bench.js';
import { changesOf, shown } from '../support/collect-changes.js';
import { text } from '../support/group-bench.js';

const names = ['a', 'b', 'c', 'd', 'e'];

let bench: ClusterBench;
let stores: readonly ContextStore[];

beforeAll(async () => {
  bench = await ClusterBench.create({ size: 5 }, { groups: 10 });
  stores = await bench.startAll(...names);
});
afterAll(() => bench.close());

const any = (random: Random): ContextStore => {
  const store = stores[Math.floor(random() * stores.length)];
  if (store === undefined) throw new Error('There is no node.');
  return store;
};

/** Cuts one node off or one link, for a while, some times. */
async function trouble(random: Random, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    const [one, two] = [any(random), any(random)];
    if (one === two) bench.peers.isolate(one.cluster.self);
    else bench.peers.disconnect(one.cluster.self, two.cluster.self);
    await delay(50 + random() * 250);
    bench.peers.heal();
    await delay(random() * 150);
  }
}

/** Repeats a call on one node after another until one serves it. */
async function persistently<T>(random: Random, call: (store: ContextStore) => Promise<T>): Promise<T> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      return await call(any(random));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      const passing = code === 'unavailable' || code === 'outcome_unknown' || code === 'overloaded';
      if (!passing || performance.now() > end) throw error;
    }
  }
}

/** A reader that goes from node to node, by its position or by the last version that it has in full. */
class Reader {
  readonly changes: StreamChange[] = [];
  #position: StreamPosition | null = null;
  #cursor: number;

  constructor(
    readonly random: Random,
    readonly id: string,
    readonly from: number,
  ) {
    this.#cursor = from;
  }

  async readOn(): Promise<void> {
    const page = await persistently(this.random, async (store) => {
      const deadlineMs = 400;
      this.#position ??= (await store.openStream(this.id, { cursor: this.#cursor, deadlineMs })).next;
      return store.changes(this.id, this.#position, { waitMs: 50, deadlineMs });
    });
    this.changes.push(...page.changes);
    this.#position = page.next;
    if (page.next.messages > 0) return;
    this.#cursor = page.next.version;
    if (this.random() < 0.3) this.#position = null;
  }

  get version(): number {
    return this.#cursor;
  }
}

describe('while nodes and links come and go', () => {
  test.each([11, 12])(
    'readers that change nodes at any moment get every change once and in order (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const id = `stream-${seed}`;
      await persistently(random, (store) => store.put(id, { tokenBudget: 400 }));
      const readers = Array.from({ length: 5 }, () => new Reader(random, id, 0));
      let last = Infinity;
      const reading = readers.map(async (reader) => {
        while (reader.version < last) await reader.readOn();
      });
      let over = false;
      const writing = (async () => {
        let version = 0;
        for (let n = 0; !over; n += 1) {
          const messages = Array.from({ length: 1 + (n % 4) }, (_, at) => text(`m${n}.${at} `.repeat(10)));
          const append = (store: ContextStore) =>
            store.append(id, messages, { idempotencyKey: `k${n}`, deadlineMs: 1_000 });
          ({ version } = await persistently(random, append));
        }
        return version;
      })();
      await trouble(random, 8);
      over = true;
      last = await writing;
      await Promise.all(reading);
      const all = await changesOf(any(random), id, 0);
      const expected = all.changes.map(shown);
      expect(expected.filter(({ type }) => type === 'message').length).toBeGreaterThan(10);
      for (const reader of readers) expect(reader.changes.map(shown)).toEqual(expected);
    },
    60_000,
  );

  test('an export goes on from another replica where the one that it came from goes away midway', async () => {
    const random = createRandom(5);
    const id = 'export';
    await persistently(random, (store) => store.put(id, {}));
    const body = 'x'.repeat(2_000);
    for (let n = 0; n < 8; n += 1) {
      const batch = Array.from({ length: 100 }, (_, at) => text(`${n * 100 + at + 1} ${body}`));
      await persistently(random, (store) => store.append(id, batch, { idempotencyKey: `b${n}` }));
    }
    for (const store of stores) {
      let cut = 0;
      const seqs: number[] = [];
      for await (const chunk of await store.export(id)) {
        for (const line of Buffer.from(chunk).toString().trimEnd().split('\n')) {
          seqs.push((JSON.parse(line) as { seq: number }).seq);
        }
        // One after the other of the other nodes: two of three replicas are always there.
        bench.peers.heal();
        const others = stores.filter((other) => other !== store);
        const gone = others[cut % others.length];
        cut += 1;
        if (gone !== undefined) bench.peers.disconnect(store.cluster.self, gone.cluster.self);
      }
      bench.peers.heal();
      expect(seqs).toEqual(Array.from({ length: 800 }, (_, index) => index + 1));
      expect(cut).toBeGreaterThan(4);
    }
  });

  test('a list is whole or refused, never short', async () => {
    const random = createRandom(6);
    const ids = Array.from({ length: 30 }, (_, n) => `listed-${String(n).padStart(2, '0')}`);
    for (const id of ids) await persistently(random, (store) => store.put(id, {}));
    const listing = { over: false, whole: 0, refused: 0 };
    const lists = stores.map(async (store) => {
      while (!listing.over) {
        try {
          const page = await store.list({ prefix: 'listed-', deadlineMs: 300 });
          expect(page.contexts.map(({ id }) => id)).toEqual(ids);
          listing.whole += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
          listing.refused += 1;
        }
      }
    });
    // A busy machine lists less often: the trouble lasts until it has.
    do await trouble(random, 10);
    while (listing.whole <= 5);
    listing.over = true;
    await Promise.all(lists);
    expect(listing.whole).toBeGreaterThan(5);
  });

  test('a reader of a node without a replica is woken when something happens', async () => {
    const random = createRandom(7);
    await until(
      () => stores.every((store) => store.ready().ready),
      () => 'all nodes',
    );
    for (let n = 0; n < 10; n += 1) {
      const id = `woken-${n}`;
      const reader = any(random);
      await persistently(random, (store) => store.put(id, {}));
      const { next } = await reader.openStream(id, { cursor: 0 });
      const startedAt = performance.now();
      const waiting = reader.changes(id, next, { waitMs: 15_000 });
      await delay(20);
      await persistently(random, (store) => store.append(id, [text('news')], { idempotencyKey: 'n' }));
      expect((await waiting).changes).toMatchObject([{ type: 'message', seq: 1 }, { type: 'context' }]);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    }
    const { next } = await any(random).openStream('woken-0');
    expect(await any(random).changes('woken-0', next, { waitMs: 30 })).toEqual({
      changes: [],
      next,
      ended: false,
    });
  });
});
