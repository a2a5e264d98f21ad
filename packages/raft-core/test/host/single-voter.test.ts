import { describe, expect, test } from '@jest/globals';
import { groupId, nodeId, RaftHost } from '../../src/index.js';
import type { ProposeOutcome, RaftError, RaftHostOptions } from '../../src/index.js';
import { MemoryDisk, MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const self = nodeId('a');
const g0 = groupId(0);
const wait = { deadlineMs: 5_000 };
const one = new Uint8Array([1]);

function never(error: RaftError): void {
  throw error;
}

function start(
  storage: MemoryStorage,
  more: Partial<RaftHostOptions<number>> = {},
): Promise<RaftHost<number>> {
  return RaftHost.open({ nodeId: self, storage, stateMachine: () => new Counter(), onFatal: never, ...more });
}

async function withGroups(storage: MemoryStorage, count: number): Promise<RaftHost<number>> {
  const host = await start(storage);
  const groups = Array.from({ length: count }, (_, id) => ({ group: groupId(id), voters: [self] }));
  await host.createGroups(groups);
  return host;
}

describe('a host whose groups have one voter', () => {
  test('leads every group when createGroups resolves, and commits proposals in order', async () => {
    const host = await withGroups(new MemoryStorage(), 3);
    expect(host.statuses().every(({ role, ready }) => role === 'leader' && ready)).toBe(true);
    const outcomes = await Promise.all([1, 2, 3].map((n) => host.propose(g0, new Uint8Array([n]), wait)));
    expect(outcomes.map((outcome) => (outcome as { result?: number }).result)).toEqual([1, 3, 6]);
    await host.close();
  });

  test('a restart finds everything that was committed, and leads at a later term', async () => {
    const disk = new MemoryDisk();
    const host = await withGroups(new MemoryStorage({ disk }), 2);
    for (let n = 0; n < 5; n += 1) await host.propose(g0, one, wait);
    const { term } = host.status(g0) ?? { term: -1 };
    await host.close();
    const counters: Counter[] = [];
    const again = await start(new MemoryStorage({ disk }), {
      stateMachine: () => {
        const counter = new Counter();
        counters.push(counter);
        return counter;
      },
    });
    expect(counters[0]?.value).toBe(5);
    expect(again.status(g0)?.term).toBeGreaterThan(term);
    expect(await again.propose(g0, one, wait)).toMatchObject({ kind: 'committed', result: 6 });
    await again.close();
  });

  test('readIndex covers what was acknowledged before', async () => {
    const host = await withGroups(new MemoryStorage(), 1);
    const outcome = await host.propose(g0, one, wait);
    const read = await host.readIndex(g0, wait);
    expect(read.kind).toBe('ready');
    expect(read.kind === 'ready' && outcome.kind === 'committed' && read.index >= outcome.index).toBe(true);
    await host.close();
  });

  test('nothing is acknowledged before its write is durable', async () => {
    const storage = new MemoryStorage();
    const host = await withGroups(storage, 1);
    storage.hang();
    let ended = false;
    const outcome = host.propose(g0, one, wait).finally(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ended).toBe(false);
    storage.resume();
    expect((await outcome).kind).toBe('committed');
    await host.close();
  });

  test('a failed write ends pending proposals as unknown and stops the host for good', async () => {
    const storage = new MemoryStorage();
    const errors: RaftError[] = [];
    const host = await start(storage, { onFatal: (error) => errors.push(error) });
    await host.createGroups([{ group: g0, voters: [self] }]);
    storage.failWrite(1);
    expect(await host.propose(g0, one, wait)).toEqual({ kind: 'unknown', reason: 'storage_failed' });
    expect(errors.map(({ code }) => code)).toEqual(['storage_failed']);
    expect(await host.propose(g0, one, wait)).toMatchObject({ kind: 'rejected', reason: 'closing' });
    expect(await host.readIndex(g0, wait)).toMatchObject({ kind: 'unavailable', reason: 'storage_failed' });
  });

  test('a proposal that never reached a failing disk is rejected: it is certain', async () => {
    const storage = new MemoryStorage();
    const host = await start(storage, { onFatal: () => undefined });
    await host.createGroups([{ group: g0, voters: [self] }]);
    storage.hang();
    storage.failWrite(1);
    const first = host.propose(g0, one, wait);
    await new Promise((resolve) => setImmediate(resolve));
    const second = host.propose(g0, one, wait);
    storage.resume();
    const outcomes = await Promise.all([first, second]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unknown', 'rejected']);
  });

  test('beyond its limits a host says overloaded, and too_large, at once', async () => {
    const storage = new MemoryStorage();
    const host = await start(storage, { limits: { maxPendingProposals: 2, maxEntryBytes: 10 } });
    await host.createGroups([{ group: g0, voters: [self] }]);
    const first = [host.propose(g0, one, wait), host.propose(g0, one, wait)];
    expect(await host.propose(g0, one, wait)).toMatchObject({ kind: 'rejected', reason: 'overloaded' });
    await Promise.all(first);
    expect(await host.propose(g0, new Uint8Array(11), wait)).toMatchObject({ reason: 'too_large' });
    expect(await host.propose(groupId(9), one, wait)).toMatchObject({ reason: 'no_group' });
    await host.close();
  });

  test('a proposal whose deadline passes ends as unknown', async () => {
    const storage = new MemoryStorage();
    const host = await withGroups(storage, 1);
    storage.hang();
    expect(await host.propose(g0, one, { deadlineMs: 20 })).toEqual({ kind: 'unknown', reason: 'deadline' });
    storage.resume();
    await host.close();
  });

  test('creating a group that exists leaves it alone; a destroyed one is gone, also after a restart', async () => {
    const disk = new MemoryDisk();
    const host = await withGroups(new MemoryStorage({ disk }), 2);
    await host.propose(g0, one, wait);
    await host.createGroups([{ group: g0, voters: [self] }]);
    expect(await host.propose(g0, one, wait)).toMatchObject({ result: 2 });
    await host.destroyGroup(groupId(1));
    expect(host.status(groupId(1))).toBeNull();
    await host.close();
    const again = await start(new MemoryStorage({ disk }));
    expect(again.statuses().map(({ group }) => group)).toEqual([0]);
    await again.close();
  });

  test('a state machine that throws stops the host', async () => {
    const errors: RaftError[] = [];
    const counter = new Counter();
    counter.apply = () => {
      throw new Error('a command too many');
    };
    const options = { stateMachine: () => counter, onFatal: (error: RaftError) => errors.push(error) };
    const host = await start(new MemoryStorage(), options);
    await host.createGroups([{ group: g0, voters: [self] }]);
    expect(await host.propose(g0, one, wait)).toMatchObject({ kind: 'unknown' });
    expect(errors.map(({ code }) => code)).toEqual(['state_machine_failed']);
  });

  test('observers see proposals, writes, applies and roles', async () => {
    const seen = new Set<string>();
    const host = await start(new MemoryStorage(), {
      observer: {
        onProposal: (outcome) => seen.add(`proposal ${outcome}`),
        onWrite: ({ groups }) => seen.add(groups > 0 ? 'write' : 'flush'),
        onApply: () => seen.add('apply'),
        onRoleChange: (_, role) => seen.add(role),
        onLeaderChange: (_, leader) => seen.add(`leader ${String(leader)}`),
        onRoles: ({ leader }) => seen.add(`leads ${leader}`),
        onLoopDelay: () => seen.add('delay'),
      },
    });
    await host.createGroups([{ group: g0, voters: [self] }]);
    await host.propose(g0, one, wait);
    const wanted = ['proposal committed', 'write', 'apply', 'leader', 'leader a', 'leads 1', 'delay'];
    const deadline = performance.now() + 10_000;
    while (!wanted.every((item) => seen.has(item)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
    await host.close();
  });

  test('close answers what was proposed before it', async () => {
    const host = await withGroups(new MemoryStorage(), 1);
    const outcomes: Promise<ProposeOutcome<number>>[] = [];
    for (let n = 0; n < 10; n += 1) outcomes.push(host.propose(g0, one, wait));
    await host.close();
    for (const outcome of await Promise.all(outcomes)) expect(outcome.kind).toBe('committed');
    expect(await host.propose(g0, one, wait)).toMatchObject({ reason: 'closing' });
  });

  test('the log is compacted once the state machine is durable', async () => {
    const disk = new MemoryDisk();
    const counter = new Counter();
    const options = { stateMachine: () => counter, compaction: { entries: 100 } };
    const host = await start(new MemoryStorage({ disk }), options);
    await host.createGroups([{ group: g0, voters: [self] }]);
    for (let n = 0; n < 300; n += 1) {
      await host.propose(g0, one, wait);
      counter.durable = counter.applied;
    }
    expect(host.status(g0)?.compactedIndex).toBeGreaterThanOrEqual(200);
    await host.close();
    // A state machine that lives in memory has lost what was compacted, and says so.
    const again = await start(new MemoryStorage({ disk }));
    expect(again.status(g0)).toMatchObject({ health: 'damaged' });
    expect(await again.propose(g0, one, wait)).toMatchObject({ reason: 'damaged' });
    await again.close();
  });

  test('few entries are compacted as well where they are large', async () => {
    const counter = new Counter();
    const options = { stateMachine: () => counter, compaction: { bytes: 4 * one.length } };
    const host = await start(new MemoryStorage(), options);
    await host.createGroups([{ group: g0, voters: [self] }]);
    for (let n = 0; n < 20; n += 1) {
      await host.propose(g0, one, wait);
      counter.durable = counter.applied;
    }
    const { compactedIndex = 0, lastIndex = 0 } = host.status(g0) ?? {};
    expect(lastIndex - compactedIndex).toBeLessThanOrEqual(5);
    await host.close();
  });

  test('staged state is flushed though nothing is proposed', async () => {
    const storage = new MemoryStorage();
    const host = await withGroups(storage, 1);
    storage.stage(g0, new Uint8Array([7]));
    while (storage.stagedBytes() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(storage.durableValue(g0)).toEqual(new Uint8Array([7]));
    await host.close();
  });
});
