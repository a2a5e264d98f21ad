import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../src/index.js';
import { Cluster } from './cluster.js';

describe('ReadIndex', () => {
  test('a leader answers after a majority has confirmed it', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.isolate('a');
    a.group.readIndex(1);
    cluster.settle();
    expect(a.readyReads).toEqual([]);
    cluster.heal();
    cluster.run(20);
    expect(a.readyReads).toEqual([1]);
  });

  test('a follower asks its leader, and reads what was committed before', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    const b = cluster.node('b');
    b.group.readIndex(5);
    cluster.settle();
    expect(b.readyReads).toEqual([5]);
    expect(b.applied).toEqual(['x']);
  });

  test('a lost request of a follower is made again', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.passes = (m) => m.type !== 'read_request';
    const b = cluster.node('b');
    b.group.readIndex(5);
    cluster.settle();
    cluster.heal();
    cluster.run(50);
    expect(b.readyReads).toEqual([5]);
  });

  test('a new leader answers no read before it has committed in its term (etcd#7331)', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.node('a').down = true;
    for (const name of 'bc') cluster.node(name).group.peerDown(cluster.now, cluster.node('a').id);
    cluster.passes = (m) => m.type !== 'append_response';
    const b = cluster.elect('b');
    b.group.readIndex(1);
    cluster.run(50);
    expect(b.readyReads).toEqual([]);
    cluster.heal();
    cluster.run(50);
    expect(b.readyReads).toEqual([1]);
  });

  test('an acknowledgement from before the read proves nothing (etcd#20418)', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    const old: Message[] = [];
    cluster.passes = (m) => {
      if (m.type === 'heartbeat_response') old.push(m);
      return true;
    };
    a.group.readIndex(1);
    cluster.settle();
    expect(a.readyReads).toEqual([1]);
    cluster.isolate('a');
    a.group.readIndex(2);
    cluster.settle();
    cluster.heal();
    for (const message of old) cluster.node('a').group.step(cluster.now, message);
    a.work(cluster.now);
    expect(a.readyReads).toEqual([1]);
  });

  test('reads of one turn share one round, those that come meanwhile the next', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    let beats = 0;
    cluster.passes = (m) => {
      if (m.type === 'heartbeat') beats += 1;
      return true;
    };
    for (let id = 1; id <= 100; id += 1) a.group.readIndex(id);
    cluster.settle();
    expect(a.readyReads).toHaveLength(100);
    expect(beats).toBe(2);
  });

  test('one voter confirms itself', () => {
    const cluster = new Cluster('a');
    const a = cluster.elect('a');
    a.group.readIndex(1);
    cluster.settle();
    expect(a.readyReads).toEqual([1]);
  });

  test('a read outlives a change of leader', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    const c = cluster.node('c');
    cluster.node('a').down = true;
    c.group.readIndex(3);
    cluster.run(500);
    expect(c.readyReads).toEqual([3]);
  });
});
