import type { Random } from '../../random.js';

/**
 * What a seed's run is like. Drawn per seed, each fault switched on or off (swarm testing), since a
 * run with everything at once rarely gets deep into anything.
 */
export interface Plan {
  readonly nodes: number;
  /** The first so many nodes found the group as voters; the others are spare. */
  readonly founders: number;
  readonly clients: number;
  readonly thinkMs: number;
  readonly readShare: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly tickMs: number;
  readonly latencyMs: number;
  readonly latencySpreadMs: number;
  readonly loss: number;
  readonly duplicate: number;
  /** Chance of a message to be held back for long, so that later ones overtake it. */
  readonly straggle: number;
  readonly syncMs: number;
  readonly syncSpreadMs: number;
  readonly applyMs: number;
  readonly clockRates: readonly number[];
  /** Between two faults. */
  readonly calmMs: number;
  readonly faults: readonly FaultKind[];
  /** Applied entries between compactions; 0 never compacts. */
  readonly compactEvery: number;
  readonly chunkBytes: number;
  readonly paddingBytes: number;
  /** Small limits, so that flow control and catching up in pieces are met. */
  readonly tight: boolean;
}

export type FaultKind =
  | 'isolate'
  | 'split'
  | 'one_way'
  | 'bridge'
  | 'cut_pair'
  | 'flap'
  | 'lossy'
  | 'crash'
  | 'crash_all'
  | 'pause'
  | 'slow_disk'
  | 'hang_disk'
  | 'fail_sync'
  | 'full_disk'
  | 'damage'
  | 'membership'
  | 'transfer';

const everyFault: readonly FaultKind[] = [
  'isolate',
  'split',
  'one_way',
  'bridge',
  'cut_pair',
  'flap',
  'lossy',
  'crash',
  'crash_all',
  'pause',
  'slow_disk',
  'hang_disk',
  'fail_sync',
  'full_disk',
  'damage',
  'membership',
  'transfer',
];

export function drawPlan(random: Random): Plan {
  const chance = (p: number): boolean => random() < p;
  const between = (low: number, high: number): number => low + random() * (high - low);
  const pick = <T>(first: T, ...rest: readonly T[]): T =>
    rest[Math.floor(random() * (rest.length + 1)) - 1] ?? first;
  const founders = pick(3, 3, 3, 5, 5, 2, 1, 4);
  const nodes = Math.max(3, founders + pick(0, 1, 2));
  const electionTimeoutMs = pick(100, 200, 500);
  const share = pick(0.25, 0.5, 0.9);
  const faults = everyFault.filter(() => chance(share));
  return {
    nodes,
    founders,
    clients: pick(2, 4, 8, 16),
    thinkMs: pick(2, 10, 40),
    readShare: pick(0.1, 0.3, 0.6),
    electionTimeoutMs,
    heartbeatMs: electionTimeoutMs / pick(5, 10),
    tickMs: electionTimeoutMs / 10,
    latencyMs: pick(0.1, 1, 5),
    latencySpreadMs: pick(0.5, 5, 20),
    loss: chance(0.5) ? between(0, 0.1) : 0,
    duplicate: chance(0.5) ? between(0, 0.1) : 0,
    straggle: chance(0.5) ? between(0, 0.05) : 0,
    syncMs: pick(0.1, 1, 5),
    syncSpreadMs: pick(0.5, 5, 15),
    applyMs: pick(0, 0.5, 10),
    clockRates: Array.from({ length: nodes }, () => (chance(0.3) ? between(0.9, 1.1) : 1)),
    calmMs: electionTimeoutMs * pick(1, 3, 8),
    faults: faults.length > 0 ? faults : ['crash'],
    compactEvery: pick(0, 10, 40, 200),
    chunkBytes: pick(64, 512, 4_096),
    paddingBytes: pick(0, 0, 200),
    tight: chance(0.4),
  };
}
