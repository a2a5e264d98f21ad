import { afterEach, describe, expect, test } from '@jest/globals';
import { groupId, nodeId, RaftHost, systemClock } from '../../src/index.js';
import type { Clock, GroupId, NodeId, RaftHostOptions } from '../../src/index.js';
import { MemoryDisk, MemoryNetwork, MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const voters = ['a', 'b', 'c'].map((name) => nodeId(name));
const g0 = groupId(0);
const wait = { deadlineMs: 5_000 };
const one = new Uint8Array([1]);
const timing = { heartbeatMs: 50, electionTimeoutMs: 500 };

const open: RaftHost<number>[] = [];
afterEach(async () => {
  for (const host of open.splice(0)) await host.close();
});

async function start(
  network: MemoryNetwork,
  node: NodeId,
  more: Partial<RaftHostOptions<number>> = {},
): Promise<RaftHost<number>> {
  const host = await RaftHost.open<number>({
    nodeId: node,
    storage: new MemoryStorage(),
    transport: network.transport(node),
    stateMachine: () => new Counter(),
    timing,
    onFatal: (error) => {
      throw error;
    },
    ...more,
  });
  open.push(host);
  return host;
}

async function until<T>(get: () => T | null | undefined | Promise<T | null | undefined>): Promise<T> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    const value = await get();
    if (value !== null && value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('not within 30 s');
}

function leaderOf(hosts: ReadonlyMap<NodeId, RaftHost<number>>): NodeId | null {
  for (const [node, host] of hosts) {
    const status = host.status(g0);
    if (status?.role === 'leader' && status.ready) return node;
  }
  return null;
}

/** A process whose timers fire late, as with a busy event loop. */
class LaggingClock implements Clock {
  lagMs = 0;
  now = systemClock.now;
  cancel = systemClock.cancel;
  defer = systemClock.defer;
  schedule(task: () => void, ms: number): unknown {
    return systemClock.schedule(task, ms + this.lagMs);
  }
}

describe('what a host promises', () => {
  test('a leader whose process cannot keep time gives up, though its heartbeats still arrive', async () => {
    const network = new MemoryNetwork();
    const clocks = new Map(voters.map((node) => [node, new LaggingClock()]));
    const hosts = new Map<NodeId, RaftHost<number>>();
    for (const node of voters) {
      const clock = clocks.get(node) ?? systemClock;
      const host = await start(network, node, { clock });
      await host.createGroups([{ group: g0, voters }]);
      hosts.set(node, host);
    }
    const slow = await until(() => leaderOf(hosts));
    const clock = clocks.get(slow);
    // Far below the election timeout: no follower misses its leader.
    if (clock !== undefined) clock.lagMs = 240;
    const next = await until(() => {
      const leader = leaderOf(hosts);
      return leader === slow ? null : leader;
    });
    expect(next).not.toBe(slow);
    expect((await hosts.get(next)?.propose(g0, one, wait))?.kind).toBe('committed');
  });

  test('a group with much to write does not keep the others waiting', async () => {
    const groups = [0, 1, 2, 3].map((id) => groupId(id));
    const storage = new MemoryStorage();
    const written: GroupId[][] = [];
    const write = storage.write.bind(storage);
    storage.write = async (writes) => {
      written.push(writes.map(({ group }) => group));
      await new Promise((resolve) => setTimeout(resolve, 1));
      await write(writes);
    };
    const [self] = voters as [NodeId];
    // Each group alone fills a batch.
    const host = await start(new MemoryNetwork(), self, { storage, limits: { maxBatchBytes: 1 } });
    await host.createGroups(groups.map((group) => ({ group, voters: [self] })));
    written.length = 0;
    // Group 0 always has 200 proposals in flight, the others one each.
    const flood = async (): Promise<void> => {
      for (let n = 0; n < 20; n += 1) {
        await Promise.all(Array.from({ length: 200 }, () => host.propose(g0, new Uint8Array(1_000), wait)));
      }
    };
    const trickle = async (group: GroupId): Promise<void> => {
      for (let n = 0; n < 20; n += 1) await host.propose(group, one, wait);
    };
    await Promise.all([flood(), ...groups.slice(1).map(trickle)]);
    const order = written.flat().filter((group, at, all) => group !== g0 || all[at - 1] !== g0);
    // While all four have work, each is served once in a round, whatever the others want.
    const rounds = order.slice(4, 60);
    for (const group of groups.slice(1)) {
      const turns = rounds.flatMap((served, at) => (served === group ? [at] : []));
      const waits = turns.slice(1).map((at, i) => at - (turns[i] ?? 0));
      expect(Math.max(...waits)).toBeLessThanOrEqual(groups.length + 1);
    }
  });

  test('a replica that is removed is told so, once, and leaves the others in peace', async () => {
    const network = new MemoryNetwork();
    const told: NodeId[] = [];
    const hosts = new Map<NodeId, RaftHost<number>>();
    for (const node of voters) {
      const host = await start(network, node, { observer: { onRemoved: () => told.push(node) } });
      await host.createGroups([{ group: g0, voters }]);
      hosts.set(node, host);
    }
    const gone = await until(async () => {
      const leader = await until(() => leaderOf(hosts));
      const node = voters.find((each) => each !== leader) ?? leader;
      const change = { changes: [{ kind: 'remove', node }] } as const;
      const outcome = await hosts.get(leader)?.changeMembership(g0, change, wait);
      return outcome?.kind === 'committed' ? node : null;
    });
    await until(() => (told.length > 0 ? true : null));
    expect(told).toEqual([gone]);
    const leader = await until(() => leaderOf(hosts));
    const { term } = hosts.get(leader)?.status(g0) ?? { term: -1 };
    // More than two election timeouts of the removed one.
    const end = performance.now() + 3 * timing.electionTimeoutMs;
    await until(() => (performance.now() > end ? true : null));
    expect(hosts.get(gone)?.status(g0)?.role).toBe('follower');
    expect(hosts.get(gone)?.status(g0)?.term).toBeLessThanOrEqual(term);
    expect(told).toEqual([gone]);
  });

  test('a replica keeps its incarnation over a restart, and gets another when it is created again', async () => {
    const disk = new MemoryDisk();
    const [self] = voters as [NodeId];
    const incarnation = async (create: boolean): Promise<string> => {
      const host = await start(new MemoryNetwork(), self, { storage: new MemoryStorage({ disk }) });
      if (create) await host.createGroups([{ group: g0, voters: [self] }]);
      const id = host.status(g0)?.incarnation ?? '';
      if (create) await host.close();
      else {
        await host.destroyGroup(g0);
        await host.close();
      }
      open.length = 0;
      return id;
    };
    const first = await incarnation(true);
    expect(first).toMatch(/^[0-9a-f]{12}$/);
    expect(await incarnation(false)).toBe(first);
    expect(await incarnation(true)).not.toBe(first);
  });
});
