import type { Slowness } from '../network/network.ts';
import { between, forked, pick, weighted, type Random } from '../random.ts';
import type { Fault, FaultKind, Step } from './fault.ts';

/** What this machine lets us do. */
export interface Abilities {
  readonly nodes: number;
  readonly slownesses: readonly Slowness[];
  readonly canFill: boolean;
  readonly canSlowDisks: boolean;
  /** There is a spare node. */
  readonly canReplace: boolean;
  /** Null: whatever is possible. */
  readonly only: readonly FaultKind[] | null;
}

/** How often each fault comes, relative to the others. Those that take a majority away are among them. */
const weights: Readonly<Record<FaultKind, number>> = {
  kill: 5,
  pause: 4,
  cut: 6,
  bridge: 2,
  'cut all': 1,
  stutter: 2,
  'slow link': 2,
  'slow disk': 2,
  'fill disk': 2,
  restart: 3,
  replace: 2,
};

export const faultKinds = Object.keys(weights) as readonly FaultKind[];

/** Steps for at least so many milliseconds: the same seed and abilities give the same steps. */
export function planSteps(seed: number, totalMs: number, abilities: Abilities): Step[] {
  const random = forked(seed, 'nemesis');
  const kinds = possibleKinds(abilities);
  const steps: Step[] = [];
  // Each kind once before any comes again by chance, so that a short run has some of everything.
  let first = shuffled(random, kinds);
  for (let at = 0; at < totalMs;) {
    const [next, ...rest] = first;
    first = rest;
    const kind =
      next ??
      weighted(
        random,
        kinds.map((each) => [weights[each], each] as const),
      );
    const step = {
      calmMs: between(random, 1_000, 5_000),
      fault: draw(random, kind, abilities),
      forMs: between(random, 1_500, 9_000),
    };
    steps.push(step);
    at += step.calmMs + step.forMs;
  }
  return steps;
}

function possibleKinds(abilities: Abilities): FaultKind[] {
  const { nodes, slownesses, canFill, canSlowDisks, canReplace, only } = abilities;
  const several = nodes > 1;
  const allowed: Readonly<Record<FaultKind, boolean>> = {
    kill: true,
    pause: true,
    stutter: true,
    restart: true,
    cut: several,
    bridge: nodes > 2,
    'cut all': several,
    'slow link': several && slownesses.length > 0,
    'slow disk': canSlowDisks,
    'fill disk': canFill,
    replace: canReplace,
  };
  return faultKinds.filter((kind) => allowed[kind] && (only === null || only.includes(kind)));
}

function draw(random: Random, kind: FaultKind, { nodes, slownesses }: Abilities): Fault {
  const node = between(random, 0, nodes - 1);
  // Mostly one node, at times two of them, at times all.
  const some = (): number[] => {
    const count = weighted(random, [
      [6, 1],
      [1, Math.min(2, nodes)],
      [1, nodes],
    ]);
    return shuffled(
      random,
      Array.from({ length: nodes }, (_, index) => index),
    ).slice(0, count);
  };
  switch (kind) {
    case 'kill':
    case 'pause':
    case 'restart':
      return { kind, nodes: some() };
    case 'stutter':
    case 'slow disk':
    case 'fill disk':
    case 'replace':
      return { kind, node };
    case 'cut':
      return { kind, node, direction: pick(random, ['both', 'both', 'in', 'out'] as const) };
    case 'bridge':
      return { kind, nodes: [node, (node + between(random, 1, nodes - 1)) % nodes] };
    case 'cut all':
      return { kind };
    case 'slow link':
      return { kind, node, how: pick(random, slownesses) };
  }
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const left = [...list];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(Math.floor(random() * left.length), 1));
  return out;
}
