import { rm } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { ContextStore } from '../../src/index.js';
import { ClusterBench, until } from '../support/cluster-bench.js';
import { text } from '../support/group-bench.js';

describe('nodes that come and go', () => {
  let bench: ClusterBench;
  beforeEach(async () => {
    bench = await ClusterBench.create();
  });
  afterEach(async () => {
    expect(bench.failures).toEqual([]);
    await bench.close();
  });

  const failureOf = (work: Promise<void>): Promise<{ code?: string } | null> =>
    work.then(
      () => null,
      (error: unknown) => error as { code?: string },
    );
  /** As a user would: what is `unavailable`, on a busy machine, is tried again. */
  const removed = async (on: string, name: string): Promise<void> => {
    for (let left = 10; left > 0; left -= 1) {
      const failure = await failureOf(bench.store(on).cluster.remove(name));
      if (failure === null || failure.code === 'node_not_found') return;
      if (!['unavailable', 'outcome_unknown'].includes(failure.code ?? ''))
        throw new Error(`removing ${name} failed`, { cause: failure });
    }
    throw new Error(`${name} could not be removed`);
  };
  const contexts = Array.from({ length: 24 }, (_, index) => `context-${index}`);
  const fill = async (store: ContextStore): Promise<void> => {
    for (const id of contexts) {
      await store.put(id, {});
      await store.append(id, [text(`of ${id}`)]);
    }
  };
  const complete = async (store: ContextStore): Promise<void> => {
    for (const id of contexts) {
      const { messages } = await store.messages(id);
      expect(messages.map((bytes) => JSON.parse(Buffer.from(bytes).toString()))).toMatchObject([
        { seq: 1, parts: [{ text: `of ${id}` }] },
      ]);
    }
  };
  const reason = (name: string): string => {
    const readiness = bench.store(name).ready();
    return readiness.ready ? 'ready' : readiness.reason;
  };
  const node = async (of: string, by: string) =>
    (await bench.store(by).cluster.overview()).nodes.find(({ name }) => name === of);
  const settled = async (by: string): Promise<boolean> => {
    const { groups, nodes } = await bench.store(by).cluster.overview();
    const moved = nodes.every(({ live, pendingMoves }) => !live || pendingMoves === 0);
    return moved && groups.moving === 0 && groups.withoutLeader === 0;
  };

  test('a fourth and a fifth node are taken in and get their share, with all data; a drained one gives it back', async () => {
    await bench.startAll('a', 'b', 'c');
    await fill(bench.store('a'));
    await bench.start('d');
    await bench.start('e');
    await bench.ready('d', 'e');
    const counts = (): Promise<number[]> =>
      Promise.all('abcde'.split('').map(async (name) => (await node(name, 'e'))?.replicas ?? 0));
    await until(
      // Ids are drawn: one of five nodes may well keep all eight groups, the new ones hardly get none.
      async () => Math.min(...(await counts()).slice(3)) > 0 && (await settled('a')),
      () => 'the groups to move',
    );
    expect((await counts()).reduce((sum, count) => sum + count, 0)).toBe(8 * 3);
    await complete(bench.store('e'));

    await expect(bench.store('a').cluster.remove('b')).rejects.toMatchObject({
      code: 'node_not_drained',
      message: 'Node b is running. Drain it first: POST /v1/cluster/nodes/b/drain.',
    });
    await bench.store('c').cluster.drain('b');
    await until(
      async () => (await node('b', 'a'))?.replicas === 0 && (await settled('a')),
      () => 'b to be empty',
    );
    await removed('c', 'b');
    await until(
      () => bench.store('a').cluster.nodes().length === 4,
      () => 'b to be gone',
    );
    await until(
      () => reason('b').includes('was removed from the cluster'),
      () => `b to know, not: ${reason('b')}`,
    );
    for (const name of ['a', 'c', 'd', 'e']) await complete(bench.store(name));
  });

  test('a node that lost its disk is refused until it is removed, then taken in and filled', async () => {
    await bench.startAll('a', 'b', 'c');
    await fill(bench.store('a'));
    await bench.stop('c');
    await rm(bench.directory('c'), { recursive: true });
    await bench.start('c');
    await until(
      () => reason('c').includes('DELETE /v1/cluster/nodes/c'),
      () => `the refusal, not: ${reason('c')}`,
    );
    await removed('a', 'c');
    await bench.ready('c');
    await until(
      async () => (await node('c', 'a'))?.replicas === 8 && (await settled('a')),
      () => 'c to be filled',
    );
    await complete(bench.store('c'));
  });

  test('replicas of a dead node move after the grace period to a spare node, and not before', async () => {
    const settings = { graceMs: 300 };
    for (const name of ['a', 'b', 'c']) await bench.start(name, settings);
    await bench.ready('a', 'b', 'c');
    await fill(bench.store('a'));
    const placed = () => bench.store('a').cluster.replicasOf(bench.group(0));
    const before = [...placed()].sort();
    await bench.stop('c');
    // Nobody to spare: a group on two nodes would be no safer.
    await bench.pause(600);
    expect([...placed()].sort()).toEqual(before);
    await bench.start('d', settings);
    await bench.ready('d');
    await until(
      async () => (await node('d', 'a'))?.replicas === 8 && (await settled('a')),
      () => 'the groups to move',
    );
    expect(await node('c', 'a')).toMatchObject({ live: false, placed: 0 });
    await complete(bench.store('d'));
    // It comes back with replicas that are not its own any more, or not all of them, and serves again.
    await bench.start('c', settings);
    await bench.ready('c');
    await until(
      () => settled('a'),
      () => 'the groups to settle',
    );
    await complete(bench.store('c'));
  });

  test('a removal that would cost a majority is refused', async () => {
    await bench.startAll('a', 'b', 'c');
    await bench.stop('b');
    await bench.stop('c');
    await until(
      async () => (await node('c', 'a'))?.live === false && (await node('b', 'a'))?.live === false,
      () => 'a to be alone',
    );
    await expect(bench.store('a').cluster.remove('c')).rejects.toMatchObject({
      code: 'quorum_would_be_lost',
    });
    await expect(bench.store('a').cluster.remove('x')).rejects.toMatchObject({ code: 'node_not_found' });
    // Where a still led the system group it is in its log, and may be committed once the others are back.
    await expect(bench.store('a').cluster.drain('b', { deadlineMs: 200 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(unavailable|outcome_unknown)$/),
    });
  });

  test('a drained node is not removed before its groups are with others, though they are placed there at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await bench.startAll(...names);
    await fill(bench.store('a'));
    await until(
      async () => (await settled('a')) && ((await node('e', 'a'))?.replicas ?? 0) > 0,
      () => 'the groups to spread',
    );
    // Two voters of the same groups: without both, and before others have caught up, they would have no majority.
    await Promise.all(['d', 'e'].map((name) => bench.store('a').cluster.drain(name)));
    for (const name of ['d', 'e']) {
      await until(
        async () => {
          const failure = await failureOf(bench.store('b').cluster.remove(name));
          if (failure !== null) expect(failure.code).toBe('node_not_drained');
          return failure === null;
        },
        () => `${name} to be removed`,
      );
      const { leader, follower, candidate } = bench.store(name).status().groups;
      expect(leader + follower + candidate).toBe(0);
    }
    await until(
      () => settled('a'),
      () => 'the groups to settle',
    );
    await complete(bench.store('c'));
  });

  test('a node that runs is not removed over one that has lost the link to it', async () => {
    await bench.startAll('a', 'b', 'c', 'd');
    const id = (name: string) =>
      bench
        .store('a')
        .cluster.nodes()
        .find((each) => each.name === name)?.id;
    const [a, d] = [id('a'), id('d')];
    if (a === undefined || d === undefined) throw new Error('They are members.');
    bench.peers.disconnect(a, d);
    await until(
      async () => (await node('d', 'a'))?.live === false,
      () => 'a not to see d',
    );
    await expect(bench.store('a').cluster.remove('d', { deadlineMs: 500 })).rejects.toMatchObject({
      code: 'node_not_drained',
    });
    bench.peers.heal();
  });

  test('one node becomes three: others join it, and get all it has', async () => {
    await bench.start('a', { size: 1 });
    await bench.ready('a');
    await fill(bench.store('a'));
    await bench.start('b');
    await bench.start('c');
    await bench.ready('b', 'c');
    await until(
      async () => (await node('c', 'a'))?.replicas === 8 && (await settled('a')),
      () => 'the groups to spread',
    );
    await complete(bench.store('c'));
    await bench.stop('a');
    await complete(bench.store('b'));
  });

  test('a node that hands over leads nothing, is not given anything, and goes without a pause', async () => {
    await bench.startAll('a', 'b', 'c');
    await fill(bench.store('b'));
    expect(await bench.store('a').handOver()).toBe(0);
    await bench.pause(200);
    expect(bench.store('a').status().groups.leader).toBe(0);
    await bench.stop('a');
    await complete(bench.store('b'));
  });
});
