import { describe, expect, test } from '@jest/globals';
import { nodeId } from '../../src/index.js';
import { Cluster } from './cluster.js';

/** A leader whose log is compacted, and a follower that missed all of it. */
function behind(names = 'abc'): Cluster {
  const cluster = new Cluster(names);
  cluster.elect('a');
  cluster.node('c').down = true;
  cluster.propose('a', 'p', 'q', 'r', 's', 't');
  cluster.settle();
  const a = cluster.node('a');
  expect(a.group.compact(a.group.applied)).toBe(true);
  cluster.settle();
  expect(a.disk.entries).toEqual([]);
  return cluster;
}

describe('snapshots', () => {
  test('a follower that needs what is compacted away gets a snapshot in chunks, then the log', () => {
    const cluster = behind();
    cluster.node('c').down = false;
    let chunks = 0;
    cluster.passes = (m) => {
      if (m.type === 'snapshot_chunk') chunks += 1;
      return true;
    };
    cluster.run(50);
    expect(chunks).toBeGreaterThan(2);
    cluster.propose('a', 'u');
    cluster.settle();
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's', 't', 'u']);
    expect(cluster.node('c').group.compactedIndex).toBe(cluster.node('a').group.compactedIndex);
  });

  test('a lost chunk is sent again, and the transfer goes on where it was', () => {
    const cluster = behind();
    cluster.node('c').down = false;
    let seen = 0;
    const offsets: number[] = [];
    cluster.passes = (m) => {
      if (m.type !== 'snapshot_chunk') return true;
      offsets.push(m.offset);
      seen += 1;
      return seen !== 3;
    };
    cluster.run(300);
    expect(offsets.slice(0, 5)).toEqual([0, 2, 4, 4, 6]);
    expect(cluster.node('c').applied).toHaveLength(5);
  });

  test('the snapshot of a new leader supersedes the one that is being received', () => {
    const cluster = behind('abcd');
    const d = cluster.node('d');
    expect(d.group.compact(d.group.applied)).toBe(true);
    cluster.node('c').down = false;
    let chunks = 0;
    cluster.passes = (m) => m.type !== 'snapshot_chunk' || (chunks += 1) < 3;
    cluster.run(30);
    expect(cluster.node('c').group.installing).toBe(true);
    cluster.heal();
    cluster.node('a').group.transferLeadership(cluster.now, nodeId('d'));
    cluster.settle();
    cluster.propose('d', 'u');
    cluster.run(400);
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's', 't', 'u']);
  });

  test('a receiver that restarts in the middle starts over', () => {
    const cluster = behind();
    const c = cluster.node('c');
    c.down = false;
    let chunks = 0;
    cluster.passes = (m) => m.type !== 'snapshot_chunk' || (chunks += 1) < 3;
    cluster.run(30);
    cluster.restart('c');
    cluster.heal();
    cluster.run(600);
    expect(c.applied).toEqual(['p', 'q', 'r', 's', 't']);
  });

  test('a replica that lost its log does not vote until it has everything it may have acknowledged', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.isolate('a', 'c');
    cluster.propose('a', 'x');
    cluster.settle();
    expect(cluster.node('a').applied).toEqual(['x']);
    // X is on A and C. C loses it; if C voted now, B could be elected without X.
    cluster.node('a').down = true;
    cluster.restart('c', 'log');
    cluster.heal();
    cluster.run(1_000);
    expect(cluster.leaders()).toEqual([]);
    cluster.node('a').down = false;
    cluster.run(1_500);
    expect(cluster.leaders()).toHaveLength(1);
    for (const { applied, group } of cluster.nodes.values()) {
      expect(applied).toEqual(['x']);
      expect(group.lost).toBe('none');
    }
  });

  test('a state machine that is lost comes back by a snapshot, and the log that was acknowledged stays', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.propose('a', 'p', 'q');
    cluster.settle();
    const c = cluster.node('c');
    expect(c.group.compact(c.group.applied)).toBe(true);
    cluster.settle();
    cluster.restart('c');
    expect(c.group.lost).toBe('state');
    cluster.run(100);
    cluster.propose('a', 'r');
    cluster.settle();
    expect(c.applied).toEqual(['p', 'q', 'r']);
    expect(c.disk.entries.at(-1)?.index).toBe(a.group.lastIndex);
  });

  test('membership comes with the snapshot', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.propose('a', 'p');
    a.group.proposeConfChange({ changes: [{ kind: 'add_learner', node: nodeId('d') }] });
    cluster.settle();
    cluster.propose('a', 'q');
    cluster.settle();
    expect(a.group.compact(a.group.applied)).toBe(true);
    cluster.join('d');
    cluster.run(100);
    expect(cluster.node('d').applied).toEqual(['p', 'q']);
    expect(cluster.node('d').group.conf).toMatchObject({ voters: ['a', 'b', 'c'], learners: ['d'] });
  });
});
