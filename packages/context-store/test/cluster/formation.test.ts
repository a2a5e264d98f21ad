import { nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decide, type OwnState, type SeenNode } from '../../src/cluster/formation.js';
import type { Phase } from '../../src/cluster/phase.js';

const ref = (name: string, instance = '1') => ({ id: nodeId(`${name}#${instance}`), name });
const own = (name: string, phase: Phase = { kind: 'empty' }, size = 3): OwnState => ({
  self: ref(name),
  size,
  revision: 1,
  phase,
  hasLooked: true,
});
const seen = (name: string, more: Partial<SeenNode> = {}): SeenNode => ({
  ...ref(name),
  size: 3,
  revision: 1,
  phase: { kind: 'empty' },
  sees: ['a', 'b', 'c', 'd', 'e'].map((each) => ref(each).id),
  ...more,
});

describe('a node that is new', () => {
  test('waits until the size is reached, and says who is here', () => {
    expect(decide(own('b'), [seen('a')], 'X')).toEqual({
      kind: 'wait',
      reason: 'Waiting for 3 new nodes to see each other; here are 2: a, b.',
    });
  });
  test('waits where the others do not see each other', () => {
    const apart = seen('b', { sees: [ref('a').id] });
    expect(decide(own('a'), [apart, seen('c')], 'X').kind).toBe('wait');
  });
  test('of the lowest name proposes exactly the nodes that it needs', () => {
    expect(decide(own('a'), [seen('d'), seen('c'), seen('b')], 'X')).toEqual({
      kind: 'become',
      phase: { kind: 'proposing', clusterId: 'X', founders: [ref('a'), ref('b'), ref('c')] },
    });
    expect(decide(own('b'), [seen('a'), seen('c')], 'X').kind).toBe('wait');
  });
  test('joins a cluster that is there', () => {
    const member = seen('z', { phase: { kind: 'member', clusterId: 'Z', founders: null } });
    expect(decide(own('a'), [seen('b'), seen('c'), member], 'X')).toEqual({
      kind: 'join',
      clusterId: 'Z',
      via: [ref('z').id],
    });
  });
  test('refuses two clusters, two nodes of one name, and says so where sizes differ', () => {
    const member = (name: string, clusterId: string) =>
      seen(name, { phase: { kind: 'member', clusterId, founders: null } });
    expect(decide(own('a'), [member('y', 'Y'), member('z', 'Z')], 'X')).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('FASTPACA_CLUSTER_SEED'),
    });
    const twin = seen('b', { ...ref('b', '2') });
    expect(decide(own('a'), [seen('b'), twin, seen('c')], 'X')).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('FASTPACA_NODE_NAME'),
    });
    expect(decide(own('a'), [seen('b', { size: 5 }), seen('c')], 'X')).toMatchObject({
      kind: 'wait',
      reason:
        'FASTPACA_CLUSTER_SIZE is 3 here and 5 on b. Give all nodes the same, then restart those that were changed.',
    });
  });
  test('founds and joins nothing before it has looked everywhere for clusters', () => {
    const looking = { ...own('a'), hasLooked: false };
    const wait = { kind: 'wait', reason: expect.stringContaining('looks for clusters at every address') };
    expect(decide(looking, [seen('b'), seen('c')], 'X')).toEqual(wait);
    expect(decide({ ...looking, size: 1 }, [], 'X')).toEqual(wait);
    const phase: Phase = { kind: 'member', clusterId: 'Y', founders: null };
    expect(decide(looking, [seen('b'), seen('d', { phase })], 'X')).toEqual(wait);
  });

  test('founds a cluster of its own at once where one is enough', () => {
    expect(decide(own('a', { kind: 'empty' }, 1), [], 'X')).toEqual({
      kind: 'become',
      phase: { kind: 'member', clusterId: 'X', founders: [ref('a')] },
    });
  });
});

describe('a member', () => {
  const member: Phase = { kind: 'member', clusterId: 'X', founders: null };
  test('never founds or joins another cluster', () => {
    expect(decide(own('a', member), [seen('b'), seen('c')], 'Y')).toEqual({ kind: 'member' });
    const other = seen('b', { phase: { kind: 'member', clusterId: 'Z', founders: null } });
    expect(decide(own('a', member), [other], 'Y')).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('This node belongs to cluster X, but b to cluster Z'),
    });
    const same = seen('c', { phase: member });
    expect(decide(own('a', member), [other, same], 'Y')).toEqual({ kind: 'member' });
  });
});

test('a promise to a node that is away or lost its disk is kept, and says what to do', () => {
  const phase: Phase = {
    kind: 'promised',
    clusterId: 'X',
    founders: [ref('a'), ref('b'), ref('c')],
    proposer: ref('a'),
    proposerRevision: 2,
  };
  expect(decide(own('b', phase), [seen('a', { ...ref('a', '2') })], 'Y')).toMatchObject({
    kind: 'refuse',
    reason: expect.stringContaining('empty its data directory'),
  });
  // Its disk may be lost under another name, or for good: only the operator knows.
  expect(decide(own('b', phase), [seen('c')], 'Y')).toMatchObject({
    kind: 'wait',
    reason: expect.stringMatching(
      /start it again\. If its data directory is lost, empty the one of this node/,
    ),
  });
});

/** Nodes with durable phases; each holds what it heard last of each other, or nothing while cut off. */
class Field {
  readonly nodes: { own: OwnState; heard: Map<number, SeenNode>; up: boolean }[];
  readonly clusters = new Set<string>();
  #ids = 0;

  constructor(count: number, size: number) {
    this.nodes = Array.from({ length: count }, (_, index) => ({
      own: own('abcdefgh'[index] ?? 'x', { kind: 'empty' }, size),
      heard: new Map(),
      up: true,
    }));
  }

  hear(at: number, from: number): void {
    const [listener, speaker] = [this.nodes[at], this.nodes[from]];
    if (listener === undefined || speaker === undefined || at === from) return;
    if (!listener.up || !speaker.up) return;
    const { self, ...rest } = speaker.own;
    const sees = [...speaker.heard.values()].map(({ id }) => id);
    listener.heard.set(from, { ...self, ...rest, sees });
  }

  lose(at: number, from: number): void {
    this.nodes[at]?.heard.delete(from);
  }

  restart(at: number): void {
    const node = this.nodes[at];
    if (node === undefined) return;
    node.up = !node.up;
    node.heard.clear();
    if (!node.up) for (const other of this.nodes) other.heard.delete(at);
  }

  step(at: number): void {
    const node = this.nodes[at];
    if (node?.up !== true) return;
    this.#ids += 1;
    const decision = decide(node.own, [...node.heard.values()], `cluster-${this.#ids}`);
    if (decision.kind === 'refuse') throw new Error(decision.reason);
    let { phase } = node.own;
    if (decision.kind === 'become') phase = decision.phase;
    if (decision.kind === 'join') phase = { kind: 'member', clusterId: decision.clusterId, founders: null };
    if (phase.kind === 'member') this.clusters.add(phase.clusterId);
    if (phase !== node.own.phase) node.own = { ...node.own, phase, revision: node.own.revision + 1 };
  }

  settle(): void {
    for (const [at, node] of this.nodes.entries()) if (!node.up) this.restart(at);
    for (let round = 0; round < 40; round += 1) {
      for (const [at] of this.nodes.entries()) {
        for (const [from] of this.nodes.entries()) this.hear(at, from);
      }
      for (const [at] of this.nodes.entries()) this.step(at);
    }
  }
}

describe('formation', () => {
  const index = fc.nat(4);
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('hear' as const), index, index) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('step' as const), index, index) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('lose' as const), index, index) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), index, index) },
  );

  test.each([
    [3, 3],
    [4, 3],
    [5, 3],
    [5, 5],
  ])(
    'of %i nodes with size %i ends in one cluster, never two, whatever the order and who crashes',
    (count, size) => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 200 }), (events) => {
          const field = new Field(count, size);
          for (const [kind, at, other] of events) {
            if (at >= count || other >= count) continue;
            if (kind === 'hear') field.hear(at, other);
            else if (kind === 'step') field.step(at);
            else if (kind === 'lose') field.lose(at, other);
            else field.restart(at);
            expect(field.clusters.size).toBeLessThanOrEqual(1);
          }
          field.settle();
          expect(field.clusters.size).toBe(1);
          for (const { own: state } of field.nodes) expect(state.phase.kind).toBe('member');
        }),
        { numRuns: 200 },
      );
    },
  );
});
