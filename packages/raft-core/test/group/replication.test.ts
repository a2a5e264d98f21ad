import { describe, expect, test } from '@jest/globals';
import { logIndex, term } from '../../src/index.js';
import type { Entry } from '../../src/index.js';
import { Cluster } from './cluster.js';
import type { Node } from './cluster.js';

const entry = (index: number, at: number, text: string): Entry => {
  return { index: logIndex(index), term: term(at), type: 'normal', data: Buffer.from(text) };
};

/** Gives a replica a log and a term, as if it had lived. */
function preload(cluster: Cluster, name: string, at: number, entries: readonly Entry[]): void {
  const { disk } = cluster.node(name);
  disk.entries = [...entries];
  disk.meta = { ...disk.meta, hardState: { term: term(at), vote: null, commit: logIndex(0) } };
  cluster.restart(name);
}

function texts(node: Node): string[] {
  return node.disk.entries.map(({ data }) => Buffer.from(data).toString());
}

describe('replication', () => {
  test('what is proposed is applied by everyone, in one order', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x', 'y', 'z');
    cluster.settle();
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual(['x', 'y', 'z']);
  });

  test('the leader commits by the disks of others while its own is slow, and never by its memory', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    a.slowDisk = true;
    const index = cluster.propose('a', 'x');
    cluster.settle();
    expect(a.group.commit).toBe(index);
    // Committed, but not durable here: not applied here.
    expect(a.applied).toEqual([]);
    cluster.isolate('a', 'b');
    cluster.node('b').slowDisk = true;
    const next = cluster.propose('a', 'y');
    cluster.settle();
    for (const message of cluster.node('b').sync()) cluster.deliver(message);
    expect(a.group.commit).toBe(index);
    a.sync();
    expect(a.group.commit).toBe(next);
  });

  test('a conflicting suffix is replaced, in few steps (5.3)', () => {
    const cluster = new Cluster('abc');
    const common = [entry(1, 1, 'p')];
    const long = Array.from({ length: 50 }, (_, n) => entry(n + 2, 2, `old${n}`));
    preload(cluster, 'a', 3, [...common, entry(2, 3, 'q')]);
    preload(cluster, 'b', 3, common);
    preload(cluster, 'c', 3, [...common, ...long]);
    let conflicts = 0;
    cluster.passes = (m) => {
      if (m.type === 'append_response' && m.outcome.kind === 'conflict' && m.from === 'c') conflicts += 1;
      return true;
    };
    cluster.elect('a');
    cluster.propose('a', 'new');
    cluster.settle();
    expect(texts(cluster.node('c'))).toEqual(['p', 'q', '', 'new']);
    expect(conflicts).toBeLessThanOrEqual(3);
  });

  test('Figure 8: an entry of an earlier term on a majority is not committed by counting', () => {
    const cluster = new Cluster('abcde');
    // As in the paper, (c): S1 leads term 4, its entry of term 2 is on a majority, S5 has one of term 3.
    for (const name of 'abcde') preload(cluster, name, 3, [entry(1, 1, 'x')]);
    preload(cluster, 'a', 3, [entry(1, 1, 'x'), entry(2, 2, 'two')]);
    preload(cluster, 'b', 3, [entry(1, 1, 'x'), entry(2, 2, 'two')]);
    preload(cluster, 'e', 3, [entry(1, 1, 'x'), entry(2, 3, 'three')]);
    cluster.isolate('a', 'b', 'c');
    const a = cluster.node('a');
    // C gets the entry of term 2 but not the one of term 4.
    const apart = cluster.passes;
    cluster.passes = (m) => apart(m) && !(m.type === 'append' && m.entries.some(({ term: at }) => at === 4));
    cluster.elect('a');
    cluster.run(50);
    expect(cluster.node('c').disk.entries.map(({ term: at }) => at)).toEqual([1]);
    a.group.stepDown(cluster.now);
    // S5 may win, by the votes of C and D, and replace it; nothing applied was lost.
    cluster.isolate('c', 'd', 'e');
    cluster.run(150);
    cluster.node('e').group.campaign(cluster.now);
    cluster.run(500);
    cluster.heal();
    cluster.run(500);
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual(['x', 'three']);
  });

  test('a late append that repeats the beginning does not cut off what came after', () => {
    const cluster = new Cluster('abc');
    const late: Parameters<Cluster['deliver']>[0][] = [];
    cluster.passes = (m) => {
      if (m.type === 'append' && m.to === 'b') late.push(m);
      return true;
    };
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.propose('a', 'y');
    cluster.settle();
    const before = texts(cluster.node('b'));
    for (const message of late) cluster.node('b').group.step(cluster.now, message);
    cluster.settle();
    expect(texts(cluster.node('b'))).toEqual(before);
  });

  test('a lost append is noticed by the next heartbeat and sent again', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.passes = (m) => !(m.type === 'append' && m.to === 'c');
    cluster.propose('a', 'x', 'y');
    cluster.settle();
    cluster.heal();
    cluster.run(30);
    expect(cluster.node('c').applied).toEqual(['x', 'y']);
  });

  test('a slow follower bounds what is under way to it, and catches up', () => {
    const cluster = new Cluster('abc', { maxInflightMessages: 2, maxAppendBytes: 4 });
    cluster.elect('a');
    const c = cluster.node('c');
    c.slowDisk = true;
    let underWay = 0;
    cluster.passes = (m) => {
      if (m.type === 'append' && m.to === 'c' && m.entries.length > 0) underWay += 1;
      return true;
    };
    for (let n = 0; n < 20; n += 1) {
      cluster.propose('a', `${n}`);
      cluster.settle();
    }
    expect(underWay).toBeLessThanOrEqual(2);
    c.slowDisk = false;
    cluster.run(100);
    expect(c.applied).toHaveLength(20);
  });

  test('a follower that is far behind is served from storage', () => {
    const cluster = new Cluster('abc', { cacheBytes: 1 });
    cluster.elect('a');
    cluster.node('c').down = true;
    for (let n = 0; n < 20; n += 1) {
      cluster.propose('a', `${n}`);
      cluster.settle();
    }
    cluster.node('c').down = false;
    cluster.run(100);
    expect(cluster.node('c').applied).toHaveLength(20);
  });

  test('a restart replays what was committed', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x', 'y');
    cluster.settle();
    for (const name of 'abc') cluster.restart(name);
    cluster.run(400);
    for (const { applied } of cluster.nodes.values()) expect(applied).toEqual(['x', 'y']);
  });

  test('ABA: a write that completes late vouches only for what was never replaced', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    const b = cluster.node('b');
    const at = b.group.term;
    b.slowDisk = true;
    const base = { type: 'append', group: b.disk.stored().group, to: b.id, commit: logIndex(1) } as const;
    const send = (from: 'a' | 'c', when: number, entries: readonly Entry[]): void => {
      const prev = { prevIndex: logIndex(1), prevTerm: at };
      b.group.step(cluster.now, {
        ...base,
        ...prev,
        from: cluster.node(from).id,
        term: term(when),
        entries,
      });
      b.work(cluster.now);
    };
    const first = entry(2, at, 'A');
    send('a', at, [first]);
    send('c', at + 1, [entry(2, at + 1, 'B')]);
    send('a', at + 2, [first]);
    b.sync(1);
    expect(b.group.stableIndex).toBe(1);
    b.sync(1);
    expect(b.group.stableIndex).toBe(1);
    b.sync(1);
    expect(b.group.stableIndex).toBe(2);
    expect(texts(b).at(-1)).toBe('A');
  });

  test('beyond the limit of uncommitted entries a leader is overloaded', () => {
    const cluster = new Cluster('abc', { maxUncommittedEntries: 2 });
    const a = cluster.elect('a');
    cluster.isolate('a');
    cluster.propose('a', 'x', 'y');
    expect(a.group.propose(Buffer.from('z'))).toEqual({ kind: 'rejected', reason: 'overloaded' });
    cluster.heal();
    cluster.run(30);
    expect(a.group.propose(Buffer.from('z')).kind).toBe('appended');
  });

  test('what an earlier incarnation of a replica acknowledged counts for nothing (dragonboat PR #354)', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    const matchOf = (name: string): number =>
      a.group.peers(cluster.now).find(({ node }) => String(node) === name)?.match ?? -1;
    expect(matchOf('c')).toBe(a.group.lastIndex);
    // The disk of C is replaced: it comes back empty, under its old name.
    cluster.restart('c', 'log');
    cluster.passes = (m) => !(m.to === cluster.node('c').id && m.type !== 'heartbeat');
    cluster.run(30);
    expect(matchOf('c')).toBe(0);
    // With B away nothing is committed on the strength of what C once had.
    cluster.node('b').slowDisk = true;
    cluster.propose('a', 'y');
    cluster.settle();
    expect(a.applied).toEqual(['x']);
  });
});
