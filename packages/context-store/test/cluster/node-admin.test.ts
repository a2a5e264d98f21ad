import { nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';

import { noFacts, type ClusterFacts, type FactsResult } from '../../src/cluster/facts.js';
import { NodeAdmin } from '../../src/cluster/node-admin.js';
import { Presence } from '../../src/cluster/presence.js';

const self = { id: nodeId('a'), name: 'node-a' };
const facts: ClusterFacts = {
  ...noFacts,
  clusterId: 'cluster',
  revision: 7,
  nodes: [
    { ...self, standing: 'able' },
    { id: nodeId('b'), name: 'node-b', standing: 'able' },
  ],
};
const done: FactsResult = { kind: 'facts', outcome: 'done', reason: null, revision: 8 };
type Answer = FactsResult | 'rejected' | 'unknown';

/** An operator's way into a cluster whose system group answers as told, the last answer again and again. */
const admin = (answers: readonly Answer[], current: () => ClusterFacts = () => facts) => {
  const left = [...answers];
  const propose = (): Promise<Answer> => {
    const [next] = left.length > 1 ? left.splice(0, 1) : left;
    return Promise.resolve(next ?? 'rejected');
  };
  return new NodeAdmin({
    facts: current,
    system: { propose },
    presence: new Presence(self, null, () => 0),
    reports: () => Promise.resolve(new Map()),
  });
};

describe('what an operator asks of a node', () => {
  test('waits for a leader of the system group', async () => {
    await expect(admin(['rejected', 'rejected', done]).drain('node-b', 5_000)).resolves.toBeUndefined();
  });

  test('certainly did not happen where nobody took it', async () => {
    await expect(admin(['rejected']).drain('node-b', 120)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('is in doubt where somebody took it and did not answer', async () => {
    await expect(admin(['unknown', 'rejected']).drain('node-b', 120)).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
  });

  test('has happened where the facts say so after a try without an answer', async () => {
    const drained = {
      ...facts,
      nodes: facts.nodes.map((node) => ({ ...node, standing: 'draining' as const })),
    };
    let now = facts;
    const asked = admin(['unknown'], () => now).drain('node-b', 5_000);
    now = drained;
    await expect(asked).resolves.toBeUndefined();
  });

  test('is refused where the node is not, or this node is in no cluster', async () => {
    await expect(admin([done]).drain('node-x', 120)).rejects.toMatchObject({ code: 'node_not_found' });
    await expect(admin([done], () => noFacts).drain('node-b', 120)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not part of a cluster'),
    });
  });
});
