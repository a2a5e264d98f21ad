import { expect, test } from '@jest/globals';
import { describeFault, onMembers } from '../src/nemesis/fault.ts';
import { faultKinds, planSteps, type Abilities } from '../src/nemesis/plan.ts';

const everything: Abilities = {
  nodes: 3,
  slownesses: ['delay', 'narrow'],
  canFill: true,
  canSlowDisks: true,
  canReplace: true,
  only: null,
};
const kindsOf = (seed: number, abilities: Abilities, totalMs = 900_000): Set<string> =>
  new Set(planSteps(seed, totalMs, abilities).map(({ fault }) => fault.kind));

test('a seed gives one plan, another seed another', () => {
  expect(planSteps(7, 600_000, everything)).toEqual(planSteps(7, 600_000, everything));
  expect(planSteps(7, 600_000, everything)).not.toEqual(planSteps(8, 600_000, everything));
});

test('a plan is as long as it was asked for', () => {
  const steps = planSteps(7, 600_000, everything);
  const total = steps.reduce((sum, { calmMs, forMs }) => sum + calmMs + forMs, 0);
  expect(total).toBeGreaterThanOrEqual(600_000);
  expect(total).toBeLessThan(620_000);
});

test('every kind of fault comes once before one comes again', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const first = planSteps(seed, 900_000, everything).slice(0, faultKinds.length);
    expect(new Set(first.map(({ fault }) => fault.kind)).size).toBe(faultKinds.length);
  }
});

test('what the machine does not allow is not planned', () => {
  const alone = { ...everything, nodes: 1, canReplace: false };
  for (const kind of ['cut', 'bridge', 'cut all', 'slow link', 'replace']) {
    expect(kindsOf(1, alone)).not.toContain(kind);
  }
  expect(kindsOf(1, { ...everything, canFill: false })).not.toContain('fill disk');
  expect(kindsOf(1, { ...everything, canSlowDisks: false })).not.toContain('slow disk');
  expect(kindsOf(1, { ...everything, slownesses: [] })).not.toContain('slow link');
  expect(kindsOf(1, { ...everything, only: ['kill', 'pause'] })).toEqual(new Set(['kill', 'pause']));
});

test('faults name nodes of the cluster, and a bridge two different ones', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    for (const { fault } of planSteps(seed, 300_000, everything)) {
      const nodes = 'nodes' in fault ? fault.nodes : 'node' in fault ? [fault.node] : [];
      for (const node of nodes) expect([0, 1, 2]).toContain(node);
      expect(new Set(nodes).size).toBe(nodes.length);
      expect(describeFault(fault)).toMatch(/^[a-z]/);
    }
  }
});

test('a fault meets the nodes that belong to the cluster by then', () => {
  const members = [3, 1, 2];
  expect(onMembers({ kind: 'kill', nodes: [0, 2] }, members)).toEqual({ kind: 'kill', nodes: [3, 2] });
  expect(onMembers({ kind: 'bridge', nodes: [1, 0] }, members)).toEqual({ kind: 'bridge', nodes: [1, 3] });
  expect(onMembers({ kind: 'stutter', node: 0 }, members)).toEqual({ kind: 'stutter', node: 3 });
});
