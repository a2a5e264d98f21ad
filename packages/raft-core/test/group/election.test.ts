import { describe, expect, test } from '@jest/globals';
import { createRandom, defaultLimits, Group, groupId, logIndex, nodeId, term } from '../../src/index.js';
import type { NodeId } from '../../src/index.js';
import { Cluster, Disk } from './cluster.js';

describe('election', () => {
  test('three voters elect one leader within two election timeouts and a little', () => {
    const cluster = new Cluster('abc');
    cluster.run(300);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader] = cluster.leaders();
    for (const { group } of cluster.nodes.values()) expect(group.leader).toBe(leader?.id);
  });

  test('the same seed gives the same election', () => {
    const run = (): unknown[] => {
      const cluster = new Cluster('abcde');
      cluster.run(500);
      return [...cluster.nodes.values()].map(({ group }) => [group.role, group.term, group.lastIndex]);
    };
    expect(run()).toEqual(run());
  });

  test('a leader that is cut off gives up (CheckQuorum), and the rest elects', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.isolate('a');
    cluster.run(400);
    expect(cluster.node('a').group.role).not.toBe('leader');
    expect(cluster.leaders()).toHaveLength(1);
  });

  test('a follower that was cut off does not raise terms, and rejoins without disturbance (PreVote)', () => {
    const cluster = new Cluster('abc');
    const leader = cluster.elect('a');
    const before = leader.group.term;
    cluster.isolate('c');
    cluster.run(1_000);
    expect(cluster.node('c').group.term).toBe(before);
    cluster.heal();
    cluster.run(300);
    expect(leader.group.role).toBe('leader');
    expect(leader.group.term).toBe(before);
  });

  test('a log that is behind wins no vote (5.4.1)', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.isolate('c');
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.heal();
    cluster.node('a').down = true;
    cluster.run(150);
    cluster.node('c').group.campaign(cluster.now);
    cluster.run(400);
    expect(cluster.node('b').group.role).toBe('leader');
    expect(cluster.node('c').applied).toEqual(['x']);
  });

  test('a vote leaves only after it is durable, and a restart keeps it', () => {
    const cluster = new Cluster('abc');
    const b = cluster.node('b');
    b.slowDisk = true;
    cluster.isolate('a', 'b');
    cluster.node('a').group.campaign(0);
    cluster.settle();
    expect(cluster.node('a').group.role).toBe('candidate');
    expect(b.disk.meta.hardState.vote).toBeNull();
    for (const message of b.sync()) cluster.deliver(message);
    expect(cluster.node('a').group.role).toBe('leader');
    b.slowDisk = false;
    cluster.restart('b');
    // C asks for the same term: B has voted.
    b.group.step(0, {
      type: 'vote_request',
      group: b.disk.stored().group,
      from: nodeId('c'),
      to: nodeId('b'),
      term: b.group.term,
      pre: false,
      force: true,
      lastIndex: logIndex(9),
      lastTerm: term(9),
      session: 1,
    });
    const [answer] = b.work(0);
    expect(answer).toMatchObject({ type: 'vote_response', granted: false });
  });

  test('a replica with a higher term and a shorter log does not wedge the others (etcd#8501)', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    const c = cluster.node('c');
    c.disk.meta = { ...c.disk.meta, hardState: { ...c.disk.meta.hardState, term: term(9) } };
    c.disk.entries = [];
    c.disk.meta = {
      ...c.disk.meta,
      hardState: { ...c.disk.meta.hardState, commit: logIndex(0), vote: null },
    };
    cluster.restart('c');
    cluster.run(1_000);
    expect(cluster.leaders()).toHaveLength(1);
    expect(c.applied).toEqual(['x']);
    expect(c.group.term).toBeGreaterThanOrEqual(9);
  });

  test('a connection to the leader that breaks brings an election long before the timeout', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.run(30);
    cluster.node('a').down = true;
    for (const name of 'bc') cluster.node(name).group.peerDown(cluster.now, nodeId('a'));
    cluster.run(40);
    expect(cluster.leaders()).toHaveLength(1);
  });

  test('those who lost their leader go one after the other, in another order for each group', () => {
    const [a, b, c] = [nodeId('a'), nodeId('b'), nodeId('c')];
    const deadlineOf = (group: number, self: NodeId, seed: number): number => {
      const disk = new Disk([a, b, c], 'one');
      const start = { stored: disk.stored(), applied: logIndex(0), lost: 'none' } as const;
      const options = {
        self,
        group: groupId(group),
        random: createRandom(seed),
        timing: { heartbeatMs: 10, electionTimeoutMs: 100 },
        limits: defaultLimits,
      };
      const replica = new Group(options, start, 0);
      replica.step(0, {
        type: 'heartbeat',
        group: groupId(group),
        from: a,
        to: self,
        term: term(1),
        commit: logIndex(0),
        round: 0,
      });
      replica.peerDown(0, a);
      return replica.deadline;
    };
    for (let seed = 1; seed <= 50; seed += 1) {
      for (const [group, first, second] of [
        [4, b, c],
        [5, c, b],
      ] as const) {
        expect(deadlineOf(group, first, seed)).toBeLessThanOrEqual(5);
        expect(deadlineOf(group, second, seed + 50)).toBeGreaterThanOrEqual(10);
        expect(deadlineOf(group, second, seed + 50)).toBeLessThanOrEqual(15);
      }
    }
  });

  test('a node that sees the leader go before the others do asks them again soon', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.run(30);
    cluster.node('a').down = true;
    cluster.node('b').group.peerDown(cluster.now, nodeId('a'));
    // C is loyal to A still, and refuses B's pre-vote.
    cluster.run(20);
    expect(cluster.leaders()).toEqual([]);
    cluster.node('c').group.peerDown(cluster.now, nodeId('a'));
    cluster.run(70);
    expect(cluster.leaders()).toHaveLength(1);
  });

  test('one voter elects itself by its own vote, once that is durable', () => {
    const cluster = new Cluster('a');
    const a = cluster.node('a');
    a.slowDisk = true;
    a.group.campaign(0);
    cluster.settle();
    expect(a.group.role).toBe('candidate');
    a.sync();
    expect(a.group.role).toBe('leader');
    cluster.propose('a', 'x');
    cluster.settle();
    expect(a.group.commit).toBe(0);
    a.sync();
    cluster.settle();
    expect(a.applied).toEqual(['x']);
  });
});
