import { groupId, logIndex, nodeId, type ConfState, type NodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { desiredReplicas, type Standing } from '../../src/placement/desired-replicas.js';
import { nextStep } from '../../src/placement/next-step.js';
import { preferredLeaders } from '../../src/placement/preferred-leaders.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(nodeId);
const groups = Array.from({ length: 256 }, (_, index) => groupId(index));
const standings = (...able: readonly NodeId[]) =>
  new Map<NodeId, Standing>(able.map((node) => [node, 'able']));
const place = (map: ReadonlyMap<NodeId, Standing>, current: readonly (readonly NodeId[])[] = []) =>
  groups.map((group) => desiredReplicas(group, current[group] ?? [], map));
const some = (count: number) => names.slice(0, count);

describe('placement', () => {
  test('gives every group three replicas, spread over the nodes', () => {
    for (const count of [3, 4, 5, 6]) {
      const placed = place(standings(...some(count)));
      const share = (256 * 3) / count;
      for (const replicas of placed) expect(new Set(replicas).size).toBe(3);
      for (const node of some(count)) {
        const held = placed.filter((replicas) => replicas.includes(node)).length;
        expect(Math.abs(held - share) / share).toBeLessThan(0.2);
      }
    }
  });

  test('moves only what a new node takes, and brings it back when it goes', () => {
    const three = place(standings(...some(3)));
    const four = place(standings(...some(4)), three);
    for (const [group, replicas] of four.entries()) {
      const lost = (three[group] ?? []).filter((node) => !replicas.includes(node));
      expect(lost.length).toBe(replicas.includes(nodeId('d')) ? 1 : 0);
    }
    expect(place(standings(...some(3)), four)).toEqual(three);
  });

  test('keeps the replicas of a dead or draining node where nobody can take them', () => {
    const map = standings(...some(3));
    const placed = place(map);
    map.set(nodeId('b'), 'reluctant');
    for (const replicas of place(map, placed)) expect([...replicas].sort()).toEqual(some(3));
    map.set(nodeId('d'), 'able');
    for (const replicas of place(map, placed)) expect([...replicas].sort()).toEqual(['a', 'c', 'd']);
    map.delete(nodeId('d'));
    map.set(nodeId('b'), 'gone');
    for (const replicas of place(map, placed)) expect([...replicas].sort()).toEqual(['a', 'c']);
  });

  test('leaders are at most 10 % apart, and only where a replica can lead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 6 }), fc.nat(5), (count, absent) => {
        const placed = place(standings(...some(count)));
        const able = new Set(some(count).filter((_, index) => index !== absent));
        const leaders = preferredLeaders(placed, able);
        const counts = [...able].map((node) => leaders.filter((leader) => leader === node).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(0.1 * (256 / able.size));
        for (const [group, leader] of leaders.entries()) {
          expect(leader !== null && placed[group]?.includes(leader)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Follows the steps of one group's leader with replicas that catch up at once. */
function follow(from: readonly NodeId[], to: readonly NodeId[], learners: readonly NodeId[] = []) {
  let conf: ConfState = {
    voters: from,
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  let self = from[0] ?? nodeId('a');
  const trail: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    const members = [...conf.voters, ...conf.learners].filter((node) => node !== self);
    const peers = members.map((node) => ({
      node,
      state: 'replicate' as const,
      match: logIndex(10),
      silentMs: 0,
    }));
    const step = nextStep(self, { conf, commit: logIndex(10), peers }, { voters: to, learners });
    if (step.kind === 'settled') return { conf, trail };
    if (step.kind === 'wait') throw new Error('waits for nothing');
    if (step.kind === 'hand_over') {
      trail.push(`to ${step.to}`);
      self = step.to;
      continue;
    }
    for (const { kind, node } of step.changes) {
      trail.push(`${kind} ${node}`);
      const voters = conf.voters.filter((each) => each !== node);
      const rest = conf.learners.filter((each) => each !== node);
      if (kind === 'add_voter') voters.push(node);
      if (kind === 'add_learner') rest.push(node);
      conf = { ...conf, voters: voters.sort(), learners: rest.sort() };
    }
    expect(conf.voters.length).toBeGreaterThanOrEqual(Math.min(from.length, to.length));
  }
  throw new Error('does not end');
}

describe('the members of a group', () => {
  const [a, b, c, d, e] = names as [NodeId, NodeId, NodeId, NodeId, NodeId];
  test('a new replica learns, then votes, then the old one goes', () => {
    expect(follow([a, b, c], [a, b, d]).trail).toEqual(['add_learner d', 'add_voter d', 'remove c']);
  });
  test('a leader that is to go hands over first', () => {
    expect(follow([a, b, c], [b, c, d]).trail).toEqual(['add_learner d', 'add_voter d', 'to b', 'remove a']);
  });
  test('all of them can move', () => {
    const { conf } = follow([a, b], [c, d, e]);
    expect(conf).toMatchObject({ voters: [c, d, e], learners: [] });
  });
  test('learners that are wanted stay', () => {
    expect(follow([a, b, c], [a, b, c], [d, e]).conf).toMatchObject({ voters: [a, b, c], learners: [d, e] });
    expect(follow([a, b, c], [a, b, d], [c]).conf).toMatchObject({ voters: [a, b, d], learners: [c] });
  });
  test('nothing is removed before the new replica votes', () => {
    const conf = { voters: [a, b, c], votersOutgoing: [], learners: [d], learnersNext: [], autoLeave: false };
    const behind = { node: d, state: 'snapshot' as const, match: logIndex(0), silentMs: 0 };
    const target = { voters: [a, b, d], learners: [] };
    expect(nextStep(a, { conf, commit: logIndex(900), peers: [behind] }, target)).toEqual({ kind: 'wait' });
  });
});
