import { groupId, nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { changeFacts, noFacts, type ClusterFacts, type FactsCommand } from '../../src/cluster/facts.js';
import {
  decodeFacts,
  decodeFactsCommand,
  encodeFacts,
  encodeFactsCommand,
} from '../../src/cluster/facts-codec.js';
import { firstPlacement, planPlacement, type Presence } from '../../src/placement/plan-placement.js';
import { systemVoters } from '../../src/placement/system-voters.js';

const ref = (name: string, instance = '1') => ({ id: nodeId(`${name}${instance}`), name });
const [a, b, c, d, e] = [ref('a'), ref('b'), ref('c'), ref('d'), ref('e')];

const founding = (...nodes: readonly ReturnType<typeof ref>[]): FactsCommand => ({
  type: 'found',
  clusterId: 'X',
  nodes,
  ...firstPlacement(16, nodes),
});
const after = (...commands: readonly FactsCommand[]): ClusterFacts =>
  commands.reduce((facts, command) => changeFacts(facts, command).facts, noFacts);
const join = (node: ReturnType<typeof ref>): FactsCommand => ({ type: 'join', node, groups: 16 });

describe('the facts of a cluster', () => {
  const founded = after(founding(a, b, c));

  test('begin with the founders, every group on three of them, and are founded once', () => {
    expect(founded).toMatchObject({ clusterId: 'X', revision: 1, voters: [a.id, b.id, c.id] });
    for (const replicas of founded.placement) expect([...replicas].sort()).toEqual([a.id, b.id, c.id]);
    expect(changeFacts(founded, founding(c, b, a))).toMatchObject({
      facts: founded,
      result: { outcome: 'done' },
    });
    expect(changeFacts(founded, { ...founding(a), clusterId: 'Y' } as FactsCommand).result).toMatchObject({
      outcome: 'refused',
      reason: 'The cluster is X already.',
    });
  });

  test('take in a new node once', () => {
    const joined = changeFacts(founded, join(d));
    expect(joined.facts.nodes.at(-1)).toEqual({ ...d, standing: 'able' });
    expect(changeFacts(joined.facts, join(d))).toMatchObject({
      facts: joined.facts,
      result: { outcome: 'done' },
    });
  });

  test('refuse a node that was wiped, and take it in once the old one is removed', () => {
    const wiped = ref('c', '2');
    const refused = changeFacts(founded, join(wiped));
    expect(refused.facts).toBe(founded);
    expect(refused.result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('DELETE /v1/cluster/nodes/c on another node'),
    });
    const removed = after(founding(a, b, c), { type: 'stand', revision: 1, node: c.id, standing: 'removed' });
    expect(changeFacts(removed, join(wiped)).result.outcome).toBe('done');
    expect(changeFacts(removed, join(c)).result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('was removed from the cluster. Empty its data directory'),
    });
  });

  test('refuse a node with another number of groups', () => {
    expect(changeFacts(founded, { type: 'join', node: d, groups: 8 }).result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('The cluster has 16 groups, the node 8'),
    });
  });

  test('change only as whoever changes them saw them: the second of two coordinators is too late', () => {
    const drain: FactsCommand = { type: 'stand', revision: 1, node: a.id, standing: 'draining' };
    const place: FactsCommand = { type: 'place', revision: 1, groups: [], voters: [a.id] };
    const drained = changeFacts(founded, drain);
    expect(drained.result.outcome).toBe('done');
    expect(changeFacts(drained.facts, place)).toMatchObject({
      facts: drained.facts,
      result: { outcome: 'stale', revision: 2 },
    });
  });

  test('place nothing on nodes that are unknown, and leave no group without a node', () => {
    const place = (replicas: readonly ReturnType<typeof ref>[], voters = [a.id]): FactsCommand => ({
      type: 'place',
      revision: 1,
      groups: [{ group: groupId(3), replicas: replicas.map(({ id }) => id) }],
      voters,
    });
    for (const command of [place([d]), place([]), place([a], []), place([a], [d.id])]) {
      expect(changeFacts(founded, command)).toMatchObject({ facts: founded, result: { outcome: 'refused' } });
    }
    expect(changeFacts(founded, place([a, b])).facts.placement[3]).toEqual([a.id, b.id]);
  });

  test('survive their codec, and malformed commands are no commands', () => {
    expect(decodeFacts(encodeFacts(founded))).toEqual(founded);
    expect(decodeFactsCommand(encodeFactsCommand(join(d)))).toEqual(join(d));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(decodeFactsCommand(bytes)).toBeNull();
        },
      ),
    );
  });
});

describe('placement', () => {
  const here = (...nodes: readonly ReturnType<typeof ref>[]): Map<ReturnType<typeof nodeId>, Presence> =>
    new Map(nodes.map(({ id }) => [id, 'here']));
  const planned = (facts: ClusterFacts, presence: ReadonlyMap<ReturnType<typeof nodeId>, Presence>) => {
    const plan = planPlacement(facts, presence);
    if (plan === null) return facts;
    return changeFacts(facts, { type: 'place', revision: facts.revision, ...plan }).facts;
  };
  const holders = ({ placement }: ClusterFacts) => [...new Set(placement.flat())].sort();

  test('is settled for founders that are all there, and while one is away', () => {
    const founded = after(founding(a, b, c));
    expect(planPlacement(founded, here(a, b, c))).toBeNull();
    expect(planPlacement(founded, here(a, b))).toBeNull();
  });

  test('gives a new node its share, and none to one that is not there', () => {
    const joined = after(founding(a, b, c), join(d));
    expect(holders(planned(joined, here(a, b, c)))).not.toContain(d.id);
    expect(holders(planned(joined, here(a, b, c, d)))).toContain(d.id);
  });

  test('moves replicas of a node that is gone only where there is one to spare', () => {
    const founded = after(founding(a, b, c));
    expect(planPlacement(founded, here(a, b).set(c.id, 'gone'))).toBeNull();
    const four = planned(after(founding(a, b, c), join(d)), here(a, b, c, d));
    const moved = planned(four, here(a, b, d).set(c.id, 'gone'));
    expect(holders(moved)).toEqual([a.id, b.id, d.id]);
    expect(moved.voters).not.toContain(c.id);
    for (const replicas of moved.placement) expect(replicas).toHaveLength(3);
  });

  test('empties a draining node, and shrinks groups only for one that was removed', () => {
    const stand = (standing: 'draining' | 'removed', revision: number): FactsCommand => {
      return { type: 'stand', revision, node: c.id, standing };
    };
    const draining = after(founding(a, b, c), stand('draining', 1));
    expect(planPlacement(draining, here(a, b, c))).toBeNull();
    const spare = planned(after(founding(a, b, c), join(d), stand('draining', 2)), here(a, b, c, d));
    expect(holders(spare)).toEqual([a.id, b.id, d.id]);
    const two = planned(after(founding(a, b, c), stand('removed', 1)), here(a, b));
    expect(holders(two)).toEqual([a.id, b.id]);
    expect(two.voters).toEqual([a.id, b.id]);
  });

  test('comes to rest: what was planned needs no further plan', () => {
    const nodes = [a, b, c, d, e];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(4), fc.constantFrom<Presence>('here', 'away', 'gone')), { maxLength: 8 }),
        fc.subarray([d, e]),
        (absences, joining) => {
          const presence = here(...nodes);
          for (const [at, how] of absences) presence.set((nodes[at] ?? a).id, how);
          const facts = planned(after(founding(a, b, c), ...joining.map(join)), presence);
          expect(planPlacement(facts, presence)).toBeNull();
          for (const replicas of facts.placement) expect(replicas).toHaveLength(3);
        },
      ),
    );
  });

  test('the system group has an odd number of voters where there are three or more, five at most', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => nodeId(name));
    const counts = nodes.map((_, index) => systemVoters([], nodes.slice(0, index + 1)).length);
    expect(counts).toEqual([1, 2, 3, 3, 5, 5, 5]);
    expect(systemVoters([nodeId('f')], nodes.slice(0, 6))).toContain('f');
  });
});
