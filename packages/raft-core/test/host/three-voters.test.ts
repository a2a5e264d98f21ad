import { afterEach, describe, expect, test } from '@jest/globals';
import { groupId, nodeId, RaftHost } from '../../src/index.js';
import type { NodeId, ProposeOutcome, RaftHostOptions } from '../../src/index.js';
import { MemoryDisk, MemoryNetwork, MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const voters = ['a', 'b', 'c'].map((name) => nodeId(name));
const g0 = groupId(0);
const wait = { deadlineMs: 5_000 };
const one = new Uint8Array([1]);
const timing = { heartbeatMs: 50, electionTimeoutMs: 500 };

class Trio {
  readonly network = new MemoryNetwork();
  readonly disks = new Map(voters.map((node) => [node, new MemoryDisk()]));
  readonly hosts = new Map<NodeId, RaftHost<number>>();
  readonly storages = new Map<NodeId, MemoryStorage>();
  readonly counters = new Map<NodeId, Counter>();

  async start(node: NodeId, more: Partial<RaftHostOptions<number>> = {}): Promise<RaftHost<number>> {
    const disk = this.disks.get(node) ?? new MemoryDisk();
    const storage = new MemoryStorage({ disk });
    const counter = new Counter();
    const host = await RaftHost.open<number>({
      nodeId: node,
      storage,
      transport: this.network.transport(node),
      stateMachine: () => counter,
      timing,
      onFatal: (error) => {
        throw error;
      },
      ...more,
    });
    this.hosts.set(node, host);
    this.storages.set(node, storage);
    this.counters.set(node, counter);
    return host;
  }

  async startAll(more: Partial<RaftHostOptions<number>> = {}): Promise<void> {
    for (const node of voters) {
      const host = await this.start(node, more);
      await host.createGroups([{ group: g0, voters }]);
    }
  }

  async leader(): Promise<NodeId> {
    return until(() => {
      for (const [node, host] of this.hosts) {
        const status = host.status(g0);
        if (status?.role === 'leader' && status.ready) return node;
      }
      return null;
    });
  }

  host(node: NodeId): RaftHost<number> {
    const host = this.hosts.get(node);
    if (host === undefined) throw new Error(`no host ${node}`);
    return host;
  }

  /** As a client does: asks whoever leads, until it is certain. */
  async commit(): Promise<ProposeOutcome<number>> {
    return until(async () => {
      const outcome = await this.host(await this.leader()).propose(g0, one, wait);
      return outcome.kind === 'committed' ? outcome : null;
    });
  }

  /** Waits until every replica has counted the same. */
  async same(): Promise<void> {
    await until(() =>
      new Set([...this.counters.values()].map(({ value }) => value)).size === 1 ? true : null,
    );
  }

  async close(): Promise<void> {
    for (const host of this.hosts.values()) await host.close();
  }
}

async function until<T>(get: () => T | null | undefined | Promise<T | null | undefined>): Promise<T> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const value = await get();
    if (value !== null && value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('not within 20 s');
}

describe('a host with three voters', () => {
  let trio = new Trio();
  afterEach(async () => {
    await trio.close();
    trio = new Trio();
  });

  test('commits, and every replica applies the same', async () => {
    await trio.startAll();
    const results: number[] = [];
    while (results.length < 50) {
      const leader = await trio.leader();
      const all = Array.from({ length: 50 }, () => trio.host(leader).propose(g0, one, wait));
      for (const outcome of await Promise.all(all)) {
        if (outcome.kind === 'committed') results.push(outcome.result);
      }
    }
    // Every command counts once, in one order.
    expect(new Set(results).size).toBe(results.length);
    expect(results).toEqual([...results].sort((a, b) => a - b));
    await until(() => {
      const values = [...trio.counters.values()].map(({ value }) => value);
      return new Set(values).size === 1 && (values[0] ?? 0) >= results.length ? true : null;
    });
  });

  test('a follower refuses proposals and names the leader, and reads through it', async () => {
    await trio.startAll();
    await trio.commit();
    const read = await until(async () => {
      const leader = await trio.leader();
      const node = voters.find((each) => each !== leader) ?? leader;
      if (trio.host(node).status(g0)?.leader !== leader) return null;
      const outcome = await trio.host(node).propose(g0, one, wait);
      expect(outcome).toEqual({ kind: 'rejected', reason: 'not_leader', leader });
      const ready = await trio.host(node).readIndex(g0, wait);
      return ready.kind === 'ready' ? trio.counters.get(node)?.value : null;
    });
    expect(read).toBe(1);
  });

  test('when the leader is closed another one is elected and nothing is lost', async () => {
    await trio.startAll();
    await trio.commit();
    const leader = await trio.leader();
    await trio.host(leader).close();
    trio.hosts.delete(leader);
    const outcome = await trio.commit();
    expect(outcome.kind === 'committed' && outcome.result >= 2).toBe(true);
    await trio.start(leader);
    await trio.same();
  });

  test('a leader whose disk hangs loses its leadership, and comes back when the disk does', async () => {
    await trio.startAll();
    const leader = await trio.leader();
    trio.storages.get(leader)?.hang();
    const stuck = trio.host(leader).propose(g0, one, wait);
    const next = await until(async () => {
      const found = await trio.leader();
      return found === leader ? null : found;
    });
    expect(next).not.toBe(leader);
    await trio.commit();
    trio.storages.get(leader)?.resume();
    // Its own entry has reached the others or not; it learns which, and everyone counts the same.
    await stuck;
    await trio.same();
  });

  test('leadership is transferred without a lost proposal', async () => {
    await trio.startAll();
    await trio.commit();
    const [target, outcome] = await until(async () => {
      const leader = await trio.leader();
      const to = voters.find((node) => node !== leader) ?? leader;
      const result = await trio.host(leader).transferLeadership(g0, to, wait);
      return result.kind === 'transferred' ? ([to, result] as const) : null;
    });
    expect(outcome.leader).toBe(target);
    const after = await trio.commit();
    expect(after.kind === 'committed' && after.result >= 2).toBe(true);
  });

  test('a replica that was away while the log was compacted gets a snapshot', async () => {
    await trio.startAll({ compaction: { entries: 64, retain: 8 } });
    await trio.commit();
    const leader = await trio.leader();
    const away = voters.find((node) => node !== leader) ?? leader;
    await trio.host(away).close();
    trio.hosts.delete(away);
    // Whoever leads by now: on a busy machine that may change.
    const ahead = (): number[] =>
      [...trio.hosts.values()].map((host) => host.status(g0)?.compactedIndex ?? 0);
    await until(async () => {
      await trio.commit();
      for (const [node, counter] of trio.counters) if (node !== away) counter.durable = counter.applied;
      return ahead().every((index) => index > 100) ? true : null;
    });
    await trio.start(away, { compaction: { entries: 64, retain: 8 } });
    await until(() =>
      new Set([...trio.counters.values()].map(({ value }) => value)).size === 1 ? true : null,
    );
    expect(trio.host(away).status(g0)).toMatchObject({ health: 'healthy' });
  });

  test('a replica whose log is damaged does not serve, and comes back through a snapshot', async () => {
    await trio.startAll();
    await trio.commit();
    const leader = await trio.leader();
    const hurt = voters.find((node) => node !== leader) ?? leader;
    await trio.host(hurt).close();
    trio.disks.get(hurt)?.damage(g0, 'entry 2 fails its checksum');
    for (const node of voters) if (node !== hurt) trio.network.disconnect(node, hurt);
    const host = await trio.start(hurt);
    expect(host.status(g0)).toMatchObject({ health: 'damaged', reason: 'entry 2 fails its checksum' });
    expect(await host.propose(g0, one, wait)).toMatchObject({ kind: 'rejected', reason: 'damaged' });
    expect(await host.readIndex(g0, wait)).toMatchObject({ kind: 'unavailable', reason: 'damaged' });
    trio.network.heal();
    await trio.commit();
    await until(() => (host.status(g0)?.health === 'healthy' ? true : null));
    await trio.same();
  });

  test('a member is added and removed', async () => {
    await trio.startAll();
    const d = nodeId('d');
    const host = await trio.start(d);
    await host.createGroups([{ group: g0, voters: [] }]);
    await trio.commit();
    const change = async (kind: 'add_voter' | 'remove'): Promise<true | null> => {
      const leader = trio.host(await trio.leader());
      const outcome = await leader.changeMembership(g0, { changes: [{ kind, node: d }] }, wait);
      return outcome.kind === 'committed' ? true : null;
    };
    await until(() => change('add_voter'));
    await until(() => (trio.counters.get(d)?.value === 1 ? true : null));
    await until(() => change('remove'));
    expect(trio.host(await trio.leader()).status(g0)?.conf.voters).toEqual(voters);
  });

  test('a proposal in a minority ends as unknown, not as rejected', async () => {
    await trio.startAll();
    const leader = await trio.leader();
    for (const node of voters) {
      if (node !== leader) trio.network.disconnect(leader, node);
    }
    const outcome = await trio.host(leader).propose(g0, one, { deadlineMs: 3_000 });
    expect(outcome.kind).toBe('unknown');
    trio.network.heal();
  });
});
