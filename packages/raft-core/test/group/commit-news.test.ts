import { describe, expect, test } from '@jest/globals';
import type { Group } from '../../src/index.js';
import { Cluster } from './cluster.js';
import type { Node } from './cluster.js';

/** Brings `x` to B and back, so that A has just committed it and nobody else knows. */
function commitUnheard(cluster: Cluster): Node {
  const a = cluster.elect('a');
  cluster.isolate('a', 'b');
  cluster.propose('a', 'x');
  for (const message of a.work(cluster.now)) cluster.deliver(message);
  for (const message of cluster.node('b').work(cluster.now)) cluster.deliver(message);
  return a;
}

describe('what is committed', () => {
  test('is said by the next append, without a notice', () => {
    const cluster = new Cluster('abc');
    const a = commitUnheard(cluster);
    const { messagesNow, committed, again } = a.group.ready();
    expect(committed).toHaveLength(1);
    expect([messagesNow, again]).toEqual([[], true]);
    a.group.markApplied(a.group.commit);
    cluster.propose('a', 'y');
    const next = a.group.ready();
    expect(next.again).toBe(false);
    const toB = next.messagesNow.filter(({ to }) => to === cluster.node('b').id);
    expect(toB).toEqual([expect.objectContaining({ type: 'append', commit: a.group.commit })]);
  });

  test('is said by a notice a turn later where no append comes', () => {
    const cluster = new Cluster('abc');
    const a = commitUnheard(cluster);
    expect(a.group.ready().again).toBe(true);
    const { messagesNow, again } = a.group.ready();
    expect(again).toBe(false);
    expect(messagesNow).toEqual([expect.objectContaining({ type: 'commit_notice', commit: a.group.commit })]);
    for (const message of messagesNow) cluster.deliver(message);
    expect(cluster.node('b').group.commit).toBe(a.group.commit);
  });

  test('waits where the disk of the leader has not got it, though not for longer than to the next heartbeat', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.run(20);
    a.slowDisk = true;
    cluster.propose('a', 'x');
    cluster.settle();
    expect(a.group.commit).toBe(a.group.lastIndex);
    expect([a.applied, cluster.node('b').applied]).toEqual([[], []]);
    cluster.run(10);
    expect([a.applied, cluster.node('b').applied]).toEqual([[], ['x']]);
  });

  test('is known again after a restart but for the newest entries, whatever was written meanwhile', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    for (let n = 0; n < 200; n += 1) {
      cluster.propose('a', `${n}`);
      cluster.settle();
    }
    const { commit } = a.group;
    for (const name of 'abc') {
      cluster.restart(name);
      const known = cluster.node(name).group.commit;
      expect(known).toBeLessThanOrEqual(commit);
      expect(known).toBeGreaterThan(commit - 66);
    }
  });
});

describe('entries in memory', () => {
  test('go once every follower holds them; one that comes back is served from storage', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    let reads = 0;
    const c = cluster.node('c');
    const countReads = (group: Group): void => {
      const { entriesRead } = group;
      group.entriesRead = function (...args) {
        reads += 1;
        entriesRead.apply(this, args);
      };
    };
    countReads(cluster.node('a').group);
    cluster.propose('a', 'x', 'y');
    cluster.settle();
    // Behind, but by what memory still has.
    c.down = true;
    cluster.propose('a', 'z');
    cluster.settle();
    c.down = false;
    cluster.run(100);
    expect([c.applied, reads]).toEqual([['x', 'y', 'z'], 0]);
    // Behind by what the leader wrote before it was started again: that is on its disk only.
    c.down = true;
    cluster.propose('a', 'w');
    cluster.settle();
    for (const name of 'ab') cluster.restart(name);
    countReads(cluster.node('a').group);
    cluster.elect('a');
    c.down = false;
    cluster.run(100);
    expect(c.applied).toEqual(['x', 'y', 'z', 'w']);
    expect(reads).toBeGreaterThan(0);
  });
});
