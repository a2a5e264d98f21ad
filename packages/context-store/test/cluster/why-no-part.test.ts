import { nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';

import { noFacts, type ClusterFacts } from '../../src/cluster/facts.js';
import { whyNoPart, type PartBasis } from '../../src/cluster/why-no-part.js';
import type { PeerRefusal } from '../../src/peer/peer-status.js';

const now = 1_800_000_000_000;
const self = { id: nodeId('a'), name: 'node-a' };
const refusal = (rest: Partial<PeerRefusal> = {}): PeerRefusal => ({
  code: 'wrong_secret',
  address: '10.0.0.2:4000',
  reason: 'The two nodes do not share one secret.',
  at: now - 1_000,
  ...rest,
});
const facts = (names: string): ClusterFacts => ({
  ...noFacts,
  clusterId: 'cluster',
  nodes: [...names].map((name) => ({ id: nodeId(name), name: `node-${name}`, standing: 'able' })),
});
const member = { reason: null, refused: false };
const why = (rest: Partial<PartBasis>): string | null =>
  whyNoPart({ self, facts: noFacts, formation: member, peers: 0, refusals: [], now, ...rest });

describe('why a node is not part of a cluster', () => {
  const waiting = { reason: 'Waiting for 3 new nodes.', refused: false };

  test('a founder that everybody refuses says so', () => {
    expect(why({ formation: waiting, refusals: [refusal()] })).toBe(
      'Waiting for 3 new nodes. The last connection was refused: The two nodes do not share one secret.',
    );
  });

  test('one that sees others says only what it waits for', () => {
    expect(why({ formation: waiting, refusals: [refusal()], peers: 1 })).toBe('Waiting for 3 new nodes.');
  });

  test('what was refused long ago is not told any more', () => {
    expect(why({ formation: waiting, refusals: [refusal({ at: now - 60_000 })] })).toBe(
      'Waiting for 3 new nodes.',
    );
  });

  test('a member that everybody refuses says so, not only that its groups have no leader', () => {
    expect(why({ facts: facts('abc'), refusals: [refusal()] })).toBe(
      'The node is connected to no other. The last connection was refused: The two nodes do not share one secret.',
    );
    expect(why({ facts: facts('abc'), refusals: [refusal()], peers: 1 })).toBeNull();
  });

  test('a cluster of one serves, whoever knocks', () => {
    expect(why({ facts: facts('a'), refusals: [refusal()] })).toBeNull();
  });

  test('one that was removed while it was away is told by the others', () => {
    const reason = 'Node node-a was removed from the cluster.';
    const removed = refusal({ code: 'refused_node', reason, at: now - 60_000 });
    expect(why({ facts: facts('abc'), refusals: [removed] })).toBe(reason);
  });

  test('a member without facts waits for them', () => {
    expect(why({})).toBe('The node waits for the facts of its cluster.');
  });
});
