import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRandom, groupId, term, type NodeId, type Term } from '@fastpaca/raft-core';

import { encodeCommand } from '../../src/command/command-codec.js';
import { contextId } from '../../src/context/context-id.js';
import type { AppendOptions, ContextStore, StoreError } from '../../src/index.js';
import { preferredLeaders } from '../../src/placement/preferred-leaders.js';
import { decodeOutcome, encodeProposal, type ProposalOutcome } from '../../src/routing/proposal-codec.js';
import { ClusterBench, until } from '../support/cluster-bench.js';
import { text } from '../support/group-bench.js';
import { parse } from '../support/open-store.js';

const names = ['a', 'b', 'c'];
/** More than any call takes beyond its deadline, on a busy machine; one that hangs takes forever. */
const slackMs = 4_000;

/**
 * Who leads the one group, and stays its leader: the balance hands it to the node that should lead it, so
 * that whoever won the first election may be a follower a moment later.
 */
async function leaderOf(bench: ClusterBench): Promise<string> {
  const nodes = names.map((name) => bench.store(name).cluster.self);
  const [preferred] = preferredLeaders([nodes], new Set(nodes));
  const leader = names.find((name) => bench.store(name).cluster.self === preferred) ?? '';
  await until(
    () => bench.store(leader).status().groups.leader === 1,
    () => `${leader} to lead`,
  );
  return leader;
}

const textsOf = async (store: ContextStore, id: string): Promise<string[]> => {
  const read = [];
  for (let cursor: number | null = 0; cursor !== null;) {
    const { messages, nextCursor } = await store.messages(id, { cursor, limit: 1_000 });
    read.push(...messages);
    cursor = nextCursor;
  }
  const all = read.map(parse);
  expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
  return all.map(({ parts }) => (parts as { text: string }[])[0]?.text ?? '');
};

/** How a call ends, and that it does so by its deadline. */
async function endOf(call: Promise<unknown>, deadlineMs: number): Promise<string> {
  const startedAt = performance.now();
  const end = await call.then(
    () => 'done',
    (error: unknown) => (error as StoreError).code,
  );
  expect(performance.now() - startedAt).toBeLessThan(deadlineMs + slackMs);
  return end;
}

describe('three nodes, one of which cannot be reached', () => {
  let bench: ClusterBench;
  let leader: string;
  let others: readonly [string, string];

  const isolate = (name: string): void => {
    bench.peers.isolate(bench.store(name).cluster.self);
  };

  beforeEach(async () => {
    // Times at which a busy machine loses no leader by itself.
    const raft = { timing: { heartbeatMs: 50, electionTimeoutMs: 1_000 } };
    bench = await ClusterBench.create({}, { groups: 1, raft });
    await bench.startAll(...names);
    await bench.store('a').put('demo', {});
    leader = await leaderOf(bench);
    const [one = '', two = ''] = names.filter((name) => name !== leader);
    others = [one, two];
  });
  afterEach(async () => {
    bench.peers.heal();
    expect(bench.failures).toEqual([]);
    await bench.close();
  });

  test('writes under a key that were on their way to the leader as it went happen, and once', async () => {
    const [one, two] = others;
    const append = (n: number) =>
      bench.store(n % 2 === 0 ? one : two).append('demo', [text(`m${n}`)], { idempotencyKey: `k${n}` });
    const under = Array.from({ length: 40 }, (_, n) => append(n));
    await Promise.race(under);
    isolate(leader);
    const answers = await Promise.all([...under, ...Array.from({ length: 40 }, (_, n) => append(40 + n))]);
    const texts = await textsOf(bench.store(two), 'demo');
    expect([...texts].sort()).toEqual(Array.from({ length: 80 }, (_, n) => `m${n}`).sort());
    for (const [n, { results }] of answers.entries()) expect(texts[(results[0]?.seq ?? 0) - 1]).toBe(`m${n}`);
  });

  test('writes without a key happen, or say that it is not known; none happens twice', async () => {
    const [one, two] = others;
    const ends = new Map<string, string>();
    const append = async (n: number, id = `m${n}`): Promise<void> => {
      const store = bench.store(n % 2 === 0 ? one : two);
      ends.set(id, await endOf(store.append('demo', [text(id)]), 5_000));
    };
    const under = Array.from({ length: 40 }, (_, n) => append(n));
    await Promise.race(under);
    isolate(leader);
    await Promise.all(under);
    await append(40);
    expect(ends.get('m40')).toBe('done');
    expect(new Set(ends.values())).not.toContain('conflict');
    const texts = await textsOf(bench.store(one), 'demo');
    for (const [id, end] of ends) {
      const times = texts.filter((each) => each === id).length;
      if (end === 'done') expect(times).toBe(1);
      else if (end === 'unavailable') expect(times).toBe(0);
      else {
        expect(end).toBe('outcome_unknown');
        expect(times).toBeLessThanOrEqual(1);
      }
    }
  });

  test('settings that were on their way are not set again after a later write has been answered', async () => {
    const [one, two] = others;
    for (let turn = 0; turn < 3; turn += 1) {
      const under = bench.store(one).put('demo', { tokenBudget: 1_000 + turn });
      if (turn === 1) isolate(leader);
      await under;
      await bench.store(two).put('demo', { tokenBudget: 2_000 + turn });
      bench.peers.heal();
      await delay(50);
      for (const name of names) {
        expect(await bench.store(name).get('demo')).toMatchObject({ token_budget: 2_000 + turn });
      }
    }
  });

  test('the one that is cut off answers by its deadline: 503 where nothing happened, else 504', async () => {
    const store = bench.store(leader);
    const follower = bench.store(others[0]);
    isolate(leader);
    const deadlineMs = 900;
    const calls: [string, Promise<unknown>][] = [
      ['append', store.append('demo', [text('lost')], { deadlineMs })],
      ['under a key', store.append('demo', [text('kept')], { deadlineMs, idempotencyKey: 'k' })],
      ['put', store.put('demo', { tokenBudget: 7 }, { deadlineMs })],
      ['get', store.get('demo', { deadlineMs })],
      ['tail', store.tail('demo', { deadlineMs })],
      ['list', store.list({ deadlineMs })],
      ['stream', store.openStream('demo', { deadlineMs })],
    ];
    const ends = new Map(
      await Promise.all(calls.map(async ([name, call]) => [name, await endOf(call, deadlineMs)] as const)),
    );
    // It led when it was asked, so that the writes are in its log.
    for (const write of ['append', 'under a key', 'put']) expect(ends.get(write)).toBe('outcome_unknown');
    for (const read of ['get', 'tail', 'list', 'stream']) expect(ends.get(read)).toBe('unavailable');
    // By now it knows that it leads nobody.
    await until(
      () => store.status().groups.leader === 0,
      () => 'the leader to step down',
    );
    expect(await endOf(store.append('demo', [text('not taken')], { deadlineMs: 300 }), 300)).toBe(
      'unavailable',
    );
    await follower.append('demo', [text('by the others')]);
    bench.peers.heal();
    await until(
      async () => (await store.get('demo')).last_seq === 1,
      () => 'the node to come back',
    );
    for (const name of names) expect(await textsOf(bench.store(name), 'demo')).toEqual(['by the others']);
    const again = await store.append('demo', [text('kept')], { idempotencyKey: 'k' });
    expect(again).toMatchObject({ deduped: false, results: [{ seq: 2 }] });
  });

  test('a node without a link to the leader goes over the third', async () => {
    const [one, two] = others;
    bench.peers.disconnect(bench.store(one).cluster.self, bench.store(leader).cluster.self);
    for (let n = 0; n < 5; n += 1)
      await bench.store(one).append('demo', [text(`m${n}`)], { idempotencyKey: `k${n}` });
    expect(await bench.store(one).get('demo')).toMatchObject({ last_seq: 5 });
    expect(await textsOf(bench.store(two), 'demo')).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  test('a leader that has lost its office refuses what comes late, and the write goes to its successor', async () => {
    const [one, two] = others;
    isolate(leader);
    await bench.store(one).append('demo', [text('meanwhile')], { idempotencyKey: 'm' });
    bench.peers.heal();
    // The old leader may still believe that it leads; who asks it is told, or hears it from others.
    const appends = names.map((name) =>
      bench.store(name).append('demo', [text(name)], { idempotencyKey: name }),
    );
    await Promise.all(appends);
    expect((await textsOf(bench.store(two), 'demo')).sort()).toEqual(['a', 'b', 'c', 'meanwhile']);
  });

  describe('a proposal of another node', () => {
    const outcomeOf = async (
      to: string,
      since: Term,
      relay: boolean,
      target: string,
    ): Promise<ProposalOutcome> => {
      const from = names.find((name) => name !== to && name !== target) ?? '';
      const id = (name: string): NodeId => bench.store(name).cluster.self;
      const command = encodeCommand({ type: 'tombstone', id: contextId('demo'), at: 1 });
      const leadership = { leader: id(target), term: since };
      const proposal = { group: groupId(0), ...leadership, relay, traceparent: '', command };
      const { network } = bench.store(from);
      if (network === null) throw new Error('There are links.');
      return decodeOutcome(
        await network.request(id(to), 'propose', encodeProposal(proposal), { deadlineMs: 5_000 }),
      );
    };
    /** Of the group of the context, not of any other: who asks with a term that cannot be is told. */
    const currentTerm = async (): Promise<Term> => {
      const refused = await outcomeOf(leader, term(1_000_000), false, leader);
      if (refused.kind !== 'rejected' || refused.leader === null)
        throw new Error('The leader does not lead.');
      return refused.leader.term;
    };
    const status = async (): Promise<string> => (await bench.store(leader).get('demo')).status;

    test('for another term than that of the leader is refused, and told which it is', async () => {
      const now = await currentTerm();
      for (const late of [term(now - 1), term(now + 1)]) {
        expect(await outcomeOf(leader, late, false, leader)).toEqual({
          kind: 'rejected',
          reason: 'not_leader',
          leader: { node: bench.store(leader).cluster.self, term: now },
        });
      }
      expect(await status()).toBe('active');
      expect(await outcomeOf(leader, now, false, leader)).toMatchObject({ kind: 'committed' });
      expect(await status()).toBe('tombstoned');
    });

    test('that is for another node is passed on once where it asks for that, and not again', async () => {
      const now = await currentTerm();
      const [one, two] = others;
      expect(await outcomeOf(one, now, false, leader)).toMatchObject({ kind: 'rejected' });
      // To a node that is not the leader, for another one that is not: it ends there.
      expect(await outcomeOf(one, now, true, two)).toMatchObject({ kind: 'rejected', reason: 'not_leader' });
      expect(await status()).toBe('active');
      expect(await outcomeOf(one, now, true, leader)).toMatchObject({ kind: 'committed' });
      expect(await status()).toBe('tombstoned');
    });
  });

  test('a node that is being closed takes no write, and says at once that it did not', async () => {
    const store = bench.store(leader);
    const closing = bench.stop(leader);
    // What was proposed before it began to close may be done and yet end as unknown.
    await new Promise(setImmediate);
    const end = await endOf(store.append('demo', [text('late')], { deadlineMs: 3_000 }), 3_000);
    await closing;
    const texts = await textsOf(bench.store(others[0]), 'demo');
    expect(texts).toEqual(end === 'done' ? ['late'] : []);
    expect(['done', 'unavailable']).toContain(end);
  });
});

describe('whatever links fail', () => {
  test.each([1, 2])(
    'what was acknowledged is there once, what was refused is not (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const bench = await ClusterBench.create({}, { groups: 4 });
      const stores = await bench.startAll(...names);
      const ids = ['p', 'q', 'r', 's'];
      for (const id of ids) await stores[0]?.put(id, {});
      const ends = new Map<string, { readonly id: string; readonly end: string }>();
      let stopped = false;
      const client = async (store: ContextStore, number: number): Promise<void> => {
        for (let n = 0; !stopped; n += 1) {
          const id = ids[n % ids.length] ?? '';
          const name = `${number}-${n}`;
          const keyed: AppendOptions = n % 2 === 0 ? { idempotencyKey: name } : {};
          const call = store.append(id, [text(name)], { ...keyed, deadlineMs: 1_500 });
          ends.set(name, { id, end: await endOf(call, 1_500) });
        }
      };
      const clients = stores.flatMap((store, index) => [
        client(store, 2 * index),
        client(store, 2 * index + 1),
      ]);
      for (let turn = 0; turn < 8; turn += 1) {
        const [one, two] = [random(), random()].map((value) => stores[Math.floor(value * stores.length)]);
        if (one === undefined || two === undefined) throw new Error('There are three nodes.');
        if (one === two) bench.peers.isolate(one.cluster.self);
        else bench.peers.disconnect(one.cluster.self, two.cluster.self);
        await delay(100 + random() * 300);
        bench.peers.heal();
        await delay(random() * 200);
      }
      stopped = true;
      await Promise.all(clients);
      await bench.ready(...names);
      const [store] = stores;
      if (store === undefined) throw new Error('There are three nodes.');
      const found = new Map<string, number>();
      for (const id of ids) {
        for (const name of await textsOf(store, id)) found.set(name, (found.get(name) ?? 0) + 1);
      }
      for (const [name, { end }] of ends) {
        const times = found.get(name) ?? 0;
        if (end === 'done' || end === 'unavailable' || end === 'overloaded') {
          expect([name, end, times]).toEqual([name, end, end === 'done' ? 1 : 0]);
        } else {
          expect(end).toBe('outcome_unknown');
          expect(times).toBeLessThanOrEqual(1);
        }
      }
      expect([...ends.values()].filter(({ end }) => end === 'done').length).toBeGreaterThan(50);
      await bench.close();
    },
    60_000,
  );
});
