import { expect, test } from '@jest/globals';

import type { ContextStore } from '../../src/index.js';
import { ClusterBench, until } from '../support/cluster-bench.js';
import { changesOf } from '../support/collect-changes.js';
import { text } from '../support/group-bench.js';

const ids = Array.from({ length: 16 }, (_, n) => `context-${n}`);

/** A call that every node serves at any time: a write, then reads that must see it. */
async function workOn(store: ContextStore, id: string, name: string): Promise<void> {
  const { version, results } = await store.append(id, [text(name)], { idempotencyKey: name });
  const seq = results[0]?.seq ?? 0;
  expect((await store.get(id)).version).toBeGreaterThanOrEqual(version);
  const { messages } = await store.messages(id, { fromSeq: seq, limit: 1 });
  expect(Buffer.from(messages[0] ?? []).toString()).toContain(name);
  expect((await store.window(id)).version).toBeGreaterThanOrEqual(version);
}

test('groups move to new nodes and away from a drained one, and no call on any node fails', async () => {
  const raft = { timing: { heartbeatMs: 50, electionTimeoutMs: 1_000 } };
  const bench = await ClusterBench.create({}, { raft });
  await bench.startAll('a', 'b', 'c');
  for (const id of ids) await bench.store('a').put(id, {});
  const nodes = ['a', 'b', 'c'];
  const failed: string[] = [];
  const done: string[] = [];
  let over = false;
  const working = [0, 1, 2, 3].map(async (worker) => {
    for (let n = 0; !over; n += 1) {
      const node = nodes[(n + worker) % nodes.length] ?? '';
      const name = `${worker}-${n}`;
      try {
        await workOn(bench.store(node), ids[(n * 7 + worker) % ids.length] ?? '', name);
        done.push(name);
      } catch (error) {
        failed.push(`${name} on ${node}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  });
  const settled = async (check: (replicas: ReadonlyMap<string, number | null>) => boolean): Promise<void> => {
    await until(
      async () => {
        const { groups, nodes: all } = await bench.store('a').cluster.overview();
        const replicas = new Map(all.map(({ name, replicas }) => [name, replicas]));
        return groups.moving === 0 && all.every(({ pendingMoves }) => pendingMoves === 0) && check(replicas);
      },
      () => 'the groups to move',
    );
  };
  for (const name of ['d', 'e']) {
    await bench.start(name);
    await bench.ready(name);
    nodes.push(name);
  }
  await settled((replicas) => (replicas.get('e') ?? 0) > 0 && (replicas.get('d') ?? 0) > 0);
  await bench.store('c').cluster.drain('b');
  await settled((replicas) => replicas.get('b') === 0);
  over = true;
  await Promise.all(working);
  expect(failed).toEqual([]);
  expect(done.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const id of ids) {
    const { changes } = await changesOf(bench.store('b'), id, 0);
    for (const change of changes) {
      if (change.type !== 'message' || change.message === null) continue;
      found.push(
        (JSON.parse(Buffer.from(change.message).toString()) as { parts: { text: string }[] }).parts[0]
          ?.text ?? '',
      );
    }
  }
  expect(found.sort()).toEqual(done.sort());
  await bench.close();
}, 90_000);
