import { describe, expect, test } from '@jest/globals';
import { changeConf, initialConf, nodeId } from '../../src/index.js';
import type { MemberChange } from '../../src/index.js';
import { Cluster } from './cluster.js';

const add = (name: string): MemberChange => ({ kind: 'add_voter', node: nodeId(name) });
const learn = (name: string): MemberChange => ({ kind: 'add_learner', node: nodeId(name) });
const remove = (name: string): MemberChange => ({ kind: 'remove', node: nodeId(name) });

function change(cluster: Cluster, leader: string, ...changes: MemberChange[]): void {
  const result = cluster.node(leader).group.proposeConfChange({ changes });
  if (result.kind !== 'appended') throw new Error(result.reason);
  cluster.settle();
}

describe('membership', () => {
  test('a learner gets the log and no vote, and is then made a voter', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    cluster.join('d');
    change(cluster, 'a', learn('d'));
    cluster.run(50);
    expect(cluster.node('d').applied).toEqual(['x']);
    cluster.node('d').group.campaign(cluster.now);
    cluster.settle();
    expect(cluster.node('d').group.role).toBe('follower');
    change(cluster, 'a', add('d'));
    expect(cluster.node('d').group.conf.voters).toEqual(['a', 'b', 'c', 'd']);
  });

  test('replacing every voter goes through a joint configuration that is left by itself', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    for (const name of 'def') cluster.join(name);
    change(cluster, 'a', add('d'), add('e'), add('f'), remove('a'), remove('b'), remove('c'));
    cluster.run(600);
    for (const name of 'def') {
      expect(cluster.node(name).group.conf).toMatchObject({ voters: ['d', 'e', 'f'], votersOutgoing: [] });
      expect(cluster.node(name).applied).toEqual(['x']);
    }
    expect(cluster.leaders().map(({ id }) => id)).toEqual([expect.stringMatching(/[def]/)]);
    expect(cluster.node('a').group.removed).toBe(true);
  });

  test('who joins takes no entry before it knows the members, and knows those of before the change', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.join('d');
    const d = cluster.node('d');
    cluster.passes = ({ type, to }) => type !== 'snapshot_chunk' || to !== d.id;
    change(cluster, 'a', learn('d'));
    cluster.run(50);
    expect([d.group.lastIndex, d.group.conf.voters]).toEqual([0, []]);
    cluster.heal();
    cluster.run(50);
    expect(d.applied).toEqual(['x']);
    expect(d.disk.meta.conf.voters).toEqual(['a', 'b', 'c']);
  });

  test('who joined can lead while nothing commits, and bring back who lost its state (seed 200199)', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    cluster.settle();
    const [b, d] = [cluster.node('b'), cluster.join('d')];
    expect(b.group.compact(b.group.applied)).toBe(true);
    cluster.settle();
    // Everybody has the change, and nobody hears that another has it.
    const at = cluster.node('a').group.lastIndex + 1;
    cluster.passes = (m) =>
      m.type !== 'append_response' || m.outcome.kind !== 'accepted' || m.outcome.index < at;
    change(cluster, 'a', add('d'), remove('a'), remove('b'));
    cluster.run(30);
    expect([d.group.lastIndex, d.group.confCommitted]).toEqual([at, false]);
    cluster.node('a').down = true;
    cluster.restart('b');
    expect(b.group.lost).toBe('state');
    cluster.passes = (m) => m.type !== 'vote_request' || m.from === d.id;
    cluster.until(() => d.group.role === 'leader');
    cluster.heal();
    cluster.until(() => b.group.lost === 'none' && d.group.confCommitted);
    expect(d.applied).toEqual(['x']);
  });

  test('who is to go finishes that, though it does not know that it became a voter (seed 216590)', () => {
    const cluster = new Cluster('a');
    const a = cluster.elect('a');
    const b = cluster.join('b');
    change(cluster, 'a', learn('b'));
    cluster.run(50);
    b.save();
    change(cluster, 'a', add('b'));
    expect(a.group.confCommitted).toBe(true);
    const voter = a.group.lastIndex;
    // B has the entry that removes it, A loses it.
    a.slowDisk = true;
    change(cluster, 'a', remove('b'));
    for (const name of 'ab') cluster.restart(name);
    a.slowDisk = false;
    expect([a.group.lastIndex, b.group.lastIndex]).toEqual([voter, voter + 1]);
    expect(b.group.commit).toBeLessThan(voter);
    cluster.until(() => a.group.role === 'leader' && a.group.confCommitted);
    expect(a.group.conf.voters).toEqual(['a']);
  });

  test('in a joint configuration both majorities are needed', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    for (const name of 'de') cluster.join(name);
    // The new half {a, d, e} cannot answer: neither the change nor a command after it commits.
    cluster.isolate('d', 'e');
    const before = cluster.node('a').group.commit;
    change(cluster, 'a', add('d'), add('e'), remove('b'), remove('c'));
    cluster.propose('a', 'x');
    cluster.settle();
    expect(cluster.node('a').group.commit).toBe(before);
    cluster.heal();
    cluster.run(300);
    expect(cluster.node('d').applied).toEqual(['x']);
    expect(cluster.node('d').group.conf.voters).toEqual(['a', 'd', 'e']);
  });

  test('one change at a time, and none before an entry of the term is committed', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.isolate('a');
    expect(a.group.proposeConfChange({ changes: [learn('d')] }).kind).toBe('appended');
    expect(a.group.proposeConfChange({ changes: [learn('e')] })).toEqual({
      kind: 'rejected',
      reason: 'conf_change_pending',
    });
    cluster.heal();
    const other = new Cluster('abc');
    other.passes = (m) => m.type !== 'append_response';
    const leader = other.elect('a');
    expect(leader.group.proposeConfChange({ changes: [learn('d')] })).toMatchObject({
      reason: 'conf_change_pending',
    });
  });

  test('a configuration that was never committed is taken back with its entry', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.isolate('a');
    expect(a.group.proposeConfChange({ changes: [remove('c')] }).kind).toBe('appended');
    cluster.settle();
    expect(a.group.conf.voters).toEqual(['a', 'b']);
    cluster.run(400);
    cluster.heal();
    cluster.run(400);
    expect(a.group.conf.voters).toEqual(['a', 'b', 'c']);
  });

  test('a removed follower is told, and does not disturb the others', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    change(cluster, 'a', remove('c'));
    cluster.run(30);
    expect(cluster.node('c').group.removed).toBe(true);
    const { term } = a.group;
    cluster.run(1_000);
    expect(a.group.role).toBe('leader');
    expect(a.group.term).toBe(term);
  });

  test('a leader that removes itself leads until that is committed', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    change(cluster, 'a', remove('a'));
    expect(cluster.node('a').group.role).toBe('follower');
    cluster.run(400);
    expect(cluster.leaders().map(({ id }) => id)).toEqual([expect.stringMatching(/[bc]/)]);
  });

  test('a restart finds the membership in the log', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    change(cluster, 'a', remove('c'));
    cluster.restart('b');
    expect(cluster.node('b').group.conf.voters).toEqual(['a', 'b']);
  });

  test('changes that make no sense are refused', () => {
    const conf = initialConf([nodeId('a')]);
    expect(changeConf(conf, { changes: [remove('a')] })).toBeNull();
    expect(changeConf(conf, { changes: [] })).toBeNull();
    expect(changeConf(conf, { changes: [add('b'), remove('b')] })).toBeNull();
  });
});

describe('leadership transfer', () => {
  test('the target leads at once, with everything, and nobody waits for a timeout', () => {
    const cluster = new Cluster('abc');
    cluster.elect('a');
    cluster.propose('a', 'x');
    const { now } = cluster;
    expect(cluster.node('a').group.transferLeadership(now, nodeId('b'))).toBe('started');
    expect(cluster.node('a').group.propose(Buffer.from('y'))).toMatchObject({ reason: 'transferring' });
    cluster.settle();
    expect(cluster.node('b').group.role).toBe('leader');
    expect(cluster.now).toBe(now);
    expect(cluster.node('b').applied).toEqual(['x']);
  });

  test('a transfer to a node that is gone is given up, and the leader goes on', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    cluster.node('b').down = true;
    cluster.propose('a', 'x');
    a.group.transferLeadership(cluster.now, nodeId('b'));
    cluster.run(150);
    expect(a.group.role).toBe('leader');
    expect(a.group.propose(Buffer.from('y')).kind).toBe('appended');
  });

  test('only a voter can be the target', () => {
    const cluster = new Cluster('abc');
    const a = cluster.elect('a');
    expect(a.group.transferLeadership(0, nodeId('z'))).toBe('not_a_voter');
    expect(a.group.transferLeadership(0, nodeId('a'))).toBe('not_a_voter');
  });
});

test('a voter that is to go still campaigns while its removal is not committed (thesis 4.2.2)', () => {
  const cluster = new Cluster('ab');
  const a = cluster.elect('a');
  cluster.isolate('a');
  expect(a.group.proposeConfChange({ changes: [remove('a')] }).kind).toBe('appended');
  cluster.settle();
  cluster.restart('a');
  cluster.heal();
  // B lacks the entry that removes A, so it cannot win A's vote; A must win and finish.
  cluster.run(2_000);
  expect(cluster.node('b').group.role).toBe('leader');
  expect(cluster.node('b').group.conf.voters).toEqual(['b']);
});
