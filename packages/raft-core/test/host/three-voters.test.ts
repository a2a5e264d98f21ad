import { afterEach, describe, expect, test } from '@jest/globals';
import { groupId, nodeId, RaftHost } from '../../src/index.js';
import type { NodeId, ProposeOutcome, RaftHostOptions } from '../../src/index.js';
import { MemoryDisk, MemoryNetwork, MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const voters = ['a', 'b', 'c'].map((name) => nodeId(name));
const g0 = groupId(0);
const wait = { deadlineMs: 5_000 };
const one = new Uint8Array([1]);
const timing = { heartbeatMs: 20, electionTimeoutMs: 200 };

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

  async close(): Promise<void> {
    for (const host of this.hosts.values()) await host.close();
  }
}

async function until<T>(get: () => T | null | Promise<T | null>): Promise<T> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const value = await get();
    if (value !== null) return value;
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
    const leader = await trio.leader();
    const all = Array.from({ length: 50 }, () => trio.host(leader).propose(g0, one, wait));
    const outcomes = await Promise.all(all);
    expect(outcomes.map((outcome) => (outcome.kind === 'committed' ? outcome.result : outcome))).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
    await until(() => ([...trio.counters.values()].every(({ value }) => value === 50) ? true : null));
  });

  test('a follower refuses proposals and names the leader, and reads through it', async () => {
    await trio.startAll();
    const leader = await trio.leader();
    await trio.commit();
    for (const node of voters.filter((each) => each !== leader)) {
      await until(() => (trio.host(node).status(g0)?.leader === leader ? true : null));
      expect(await trio.host(node).propose(g0, one, wait)).toEqual({
        kind: 'rejected',
        reason: 'not_leader',
        leader,
      });
      expect(await trio.host(node).readIndex(g0, wait)).toMatchObject({ kind: 'ready' });
      expect(trio.counters.get(node)?.value).toBe(1);
    }
  });

  test('when the leader is closed another one is elected and nothing is lost', async () => {
    await trio.startAll();
    await trio.commit();
    const leader = await trio.leader();
    await trio.host(leader).close();
    trio.hosts.delete(leader);
    expect(await trio.commit()).toMatchObject({ result: 2 });
    await trio.start(leader);
    await until(() => (trio.counters.get(leader)?.value === 2 ? true : null));
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
    expect(await trio.host(next).propose(g0, one, wait)).toMatchObject({ kind: 'committed' });
    trio.storages.get(leader)?.resume();
    // Its entry had reached the others before it gave up: the one who leads now commits it.
    expect((await stuck).kind).not.toBe('rejected');
    const total = trio.counters.get(next)?.value;
    await until(() => (trio.counters.get(leader)?.value === total ? true : null));
  });

  test('leadership is transferred without a lost proposal', async () => {
    await trio.startAll();
    await trio.commit();
    const leader = await trio.leader();
    const target = voters.find((node) => node !== leader) ?? leader;
    expect(await trio.host(leader).transferLeadership(g0, target, wait)).toEqual({
      kind: 'transferred',
      leader: target,
    });
    expect(await trio.commit()).toMatchObject({ result: 2 });
  });

  test('a replica that was away while the log was compacted gets a snapshot', async () => {
    await trio.startAll({ compaction: { entries: 64, retain: 8 } });
    await trio.commit();
    const leader = await trio.leader();
    const away = voters.find((node) => node !== leader) ?? leader;
    await trio.host(away).close();
    trio.hosts.delete(away);
    for (let n = 0; n < 300; n += 1) {
      await trio.host(leader).propose(g0, one, wait);
      const counter = trio.counters.get(leader);
      if (counter !== undefined) counter.durable = counter.applied;
    }
    expect(trio.host(leader).status(g0)?.compactedIndex).toBeGreaterThan(100);
    await trio.start(away);
    await until(() => (trio.counters.get(away)?.value === 301 ? true : null));
    expect(trio.host(away).status(g0)).toMatchObject({ health: 'healthy' });
  });

  test('a member is added and removed', async () => {
    await trio.startAll();
    const leader = await trio.leader();
    const d = nodeId('d');
    const host = await trio.start(d);
    await host.createGroups([{ group: g0, voters: [] }]);
    await trio.commit();
    const joined = await trio
      .host(leader)
      .changeMembership(g0, { changes: [{ kind: 'add_voter', node: d }] }, wait);
    expect(joined.kind).toBe('committed');
    await until(() => (trio.counters.get(d)?.value === 1 ? true : null));
    const left = await trio
      .host(leader)
      .changeMembership(g0, { changes: [{ kind: 'remove', node: d }] }, wait);
    expect(left.kind).toBe('committed');
    expect(trio.host(leader).status(g0)?.conf.voters).toEqual(voters);
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
