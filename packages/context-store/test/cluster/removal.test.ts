import { nodeId, type GroupId, type NodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';

import type { NodeStanding } from '../../src/cluster/cluster-view.js';
import type { ClusterFacts } from '../../src/cluster/facts.js';
import type { NodeReport } from '../../src/cluster/node-report.js';
import { objectionTo, type Objection } from '../../src/cluster/removal.js';

const ids = (names: string): NodeId[] => [...names].map((name) => nodeId(name));

/** Groups 0 and 1 of the nodes a to d. */
const facts = (placement: readonly string[], standing: NodeStanding = 'able'): ClusterFacts => ({
  clusterId: 'cluster',
  revision: 7,
  nodes: ids('abcd').map((id) => ({ id, name: `node-${id}`, standing: id === 'd' ? standing : 'able' })),
  placement: placement.map(ids),
  voters: ids('abc'),
});
const report = (leads: readonly number[], rest: Partial<NodeReport> = {}): NodeReport => ({
  version: '1.0.0',
  replicas: 2,
  leads: leads as GroupId[],
  applyLag: 0,
  followerLag: [],
  unsettled: 0,
  underReplicated: 0,
  ...rest,
});

/** What is objected to the removal of d, which a is asked for. */
const objection = (
  of: ClusterFacts,
  here: string,
  reports: Readonly<Record<string, NodeReport>>,
): Objection | null => {
  const [node] = of.nodes.filter(({ id }) => id === 'd');
  if (node === undefined) throw new Error('d is a node of the cluster.');
  const byId = new Map(Object.entries(reports).map(([id, each]) => [nodeId(id), each]));
  return objectionTo({ facts: of, node, here: new Set(ids(here)), reports: byId });
};

describe('a node that runs', () => {
  const all = { a: report([0, 1]), b: report([]), c: report([]) };

  test('is drained first', () => {
    expect(objection(facts(['abc', 'abc']), 'abcd', { ...all, d: report([], { replicas: 0 }) })).toEqual({
      code: 'node_not_drained',
      message: 'Node node-d is running. Drain it first: POST /v1/cluster/nodes/node-d/drain.',
      passing: false,
    });
  });

  test('goes once it holds nothing, not once nothing is placed on it', () => {
    const drained = facts(['abc', 'abc'], 'draining');
    const held = objection(drained, 'abcd', { ...all, d: report([], { replicas: 1 }) });
    expect(held).toMatchObject({ code: 'node_not_drained', passing: false });
    expect(held?.message).toContain('still holds 1 groups');
    expect(objection(drained, 'abcd', { ...all, d: report([], { replicas: 0 }) })).toBeNull();
  });

  test('stays as long as it does not say what it holds', () => {
    const drained = facts(['abc', 'abc'], 'draining');
    expect(objection(drained, 'abcd', all)).toMatchObject({ code: 'node_not_drained', passing: true });
  });

  test('is known to run where only another node is connected to it', () => {
    const seen = { ...all, b: report([], { sees: ids('abcd') }) };
    expect(objection(facts(['abd', 'abc']), 'abc', seen)).toMatchObject({
      code: 'node_not_drained',
      passing: true,
    });
  });
});

describe('a node that is dead', () => {
  test('goes where every group has a leader, whether it is drained or not', () => {
    const reports = { a: report([0]), b: report([1]), c: report([]) };
    expect(objection(facts(['abd', 'bcd']), 'abc', reports)).toBeNull();
    expect(objection(facts(['abc', 'abc'], 'draining'), 'abc', reports)).toBeNull();
  });

  test('stays where the groups that belong on it would have no majority', () => {
    expect(objection(facts(['abd', 'acd']), 'ab', { a: report([0]), b: report([]) })).toMatchObject({
      code: 'quorum_would_be_lost',
      passing: false,
    });
  });

  test('stays while a group has no leader: one on its way to others may need it still', () => {
    const found = objection(facts(['abc', 'abc'], 'draining'), 'abc', { a: report([0]), b: report([]) });
    expect(found).toMatchObject({ code: 'quorum_would_be_lost', passing: true });
    expect(found?.message).toContain('1 of the groups have no leader that answers');
  });
});
