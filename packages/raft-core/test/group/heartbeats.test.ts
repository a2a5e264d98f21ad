import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../src/index.js';
import { Cluster } from './cluster.js';

/** Heartbeats, by receiver, of the ticks in so many milliseconds; there is one each 10 ms. */
function beats(cluster: Cluster, ms: number): string[] {
  const seen: Message[] = [];
  const { passes } = cluster;
  cluster.passes = (message) => {
    if (message.type === 'heartbeat') seen.push(message);
    return passes(message);
  };
  cluster.run(ms);
  cluster.passes = passes;
  return seen.map(({ to }) => to);
}

function led(): Cluster {
  const cluster = new Cluster('abc');
  cluster.elect('a');
  cluster.run(20);
  return cluster;
}

describe('a heartbeat', () => {
  test('comes with every second interval where it is answered and nothing else is said', () => {
    const cluster = led();
    for (let n = 0; n < 10; n += 1) expect(beats(cluster, 20)).toEqual(['b', 'c']);
  });

  test('of groups at rest comes in the same intervals, whenever each was led first', () => {
    const one = led();
    const other = new Cluster('abc');
    other.run(10);
    other.elect('a');
    other.run(one.now - other.now + 40);
    one.run(other.now - one.now);
    expect(other.now).toBe(one.now);
    for (let n = 0; n < 10; n += 1) expect(beats(other, 10)).toEqual(beats(one, 10));
  });

  test('comes with every interval where no answer comes, or not everything is acknowledged', () => {
    const silent = led();
    silent.passes = ({ type, from }) => type !== 'heartbeat_response' || from !== silent.node('c').id;
    beats(silent, 20);
    expect(beats(silent, 40).filter((to) => to === 'c')).toHaveLength(4);

    const behind = led();
    behind.node('c').slowDisk = true;
    behind.propose('a', 'x');
    beats(behind, 20);
    expect(beats(behind, 40).filter((to) => to === 'c')).toHaveLength(4);
  });

  test('is left out after an interval whose entries were acknowledged, and comes with the next one', () => {
    const cluster = led();
    cluster.propose('a', 'x');
    cluster.settle();
    expect(beats(cluster, 10)).toEqual([]);
    expect(cluster.node('c').applied).toEqual(['x']);
    expect(beats(cluster, 10)).toEqual(['b', 'c']);
  });

  test('is left out where one acknowledgement of the interval came, though another is missing', () => {
    const cluster = led();
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.passes = ({ type }) => type !== 'append_response';
    cluster.propose('a', 'y');
    cluster.settle();
    cluster.heal();
    expect(beats(cluster, 10)).toEqual([]);
    expect(beats(cluster, 10)).toEqual(['b', 'c']);
    cluster.run(20);
    expect(cluster.node('b').applied).toEqual(['x', 'y']);
  });

  test('whose answer comes before that of a disk makes no append; one that is late does', () => {
    const cluster = led();
    const probes: Message[] = [];
    cluster.passes = (message) => {
      if (message.type === 'append' && message.entries.length === 0) probes.push(message);
      return true;
    };
    for (const name of 'bc') cluster.node(name).slowDisk = true;
    cluster.propose('a', 'x');
    cluster.run(10);
    expect(probes).toEqual([]);
    cluster.run(10);
    expect(probes.map(({ to }) => to)).toEqual(['b', 'c']);
  });

  test('comes where an acknowledgement is missing', () => {
    const cluster = led();
    cluster.passes = ({ type, from }) => type !== 'append_response' || from !== cluster.node('c').id;
    cluster.propose('a', 'x');
    cluster.settle();
    expect(beats(cluster, 10)).toEqual(['c']);
  });

  test('comes while reads wait for a round of answers that was lost', () => {
    const cluster = led();
    const a = cluster.node('a');
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.passes = ({ type }) => type !== 'heartbeat_response';
    a.group.readIndex(1);
    cluster.settle();
    cluster.heal();
    expect(beats(cluster, 10)).toEqual(['b', 'c']);
    expect(a.readyReads).toEqual([1]);
  });

  test('is not missed by followers of a group that is always busy', () => {
    const cluster = led();
    const { term } = cluster.node('a').group;
    for (let n = 0; n < 100; n += 1) {
      cluster.propose('a', `${n}`);
      cluster.run(10);
    }
    expect(cluster.node('a').group).toMatchObject({ role: 'leader', term });
    expect(cluster.node('b').applied).toHaveLength(100);
  });
});
