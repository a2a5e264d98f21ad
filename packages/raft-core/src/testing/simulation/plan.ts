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
  /** What arrives within this time may be served in one turn. */
  readonly turnMs: number;
  /** How fast each node's clock runs while faults last. Safety depends on no clock. */
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
  | 'stale_leader'
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
  'stale_leader',
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

/** What may be given instead of drawn, to look at one kind of trouble; the rest still comes from the seed. */
export type PlanFocus = Partial<Omit<Plan, 'nodes' | 'founders' | 'clockRates'>>;

export function drawPlan(random: Random, focus: PlanFocus = {}): Plan {
  const chance = (p: number): boolean => random() < p;
  const between = (low: number, high: number): number => low + random() * (high - low);
  const pick = <T>(first: T, ...rest: readonly T[]): T =>
    rest[Math.floor(random() * (rest.length + 1)) - 1] ?? first;
  const founders = pick(3, 3, 3, 3, 5, 5, 2, 1, 4);
  const nodes = Math.max(3, founders + pick(0, 1, 2));
  const clients = pick(3, 6, 12, 30);
  const operationsPerTimeout = pick(4, 12, 30);
  const share = pick(0.25, 0.5, 0.9);
  const faults = everyFault.filter(() => chance(share));
  return {
    nodes,
    founders,
    clients,
    thinkMs: (clients * timeoutMs) / operationsPerTimeout,
    readShare: pick(0.1, 0.3, 0.6),
    electionTimeoutMs: timeoutMs,
    heartbeatMs: timeoutMs / pick(4, 8),
    tickMs: timeoutMs / 8,
    latencyMs: timeoutMs * pick(0.005, 0.02, 0.1),
    latencySpreadMs: timeoutMs * pick(0.01, 0.05, 0.2),
    loss: chance(0.4) ? between(0, 0.1) : 0,
    duplicate: chance(0.4) ? between(0, 0.1) : 0,
    straggle: chance(0.4) ? between(0, 0.05) : 0,
    syncMs: timeoutMs * pick(0.002, 0.02, 0.1),
    syncSpreadMs: timeoutMs * pick(0.01, 0.05, 0.2, 0.4),
    applyMs: timeoutMs * pick(0, 0.01, 0.1),
    turnMs: timeoutMs * pick(0.001, 0.01, 0.05),
    clockRates: Array.from({ length: nodes }, () => (chance(0.3) ? between(0.4, 2.5) : 1)),
    calmMs: timeoutMs * pick(0.7, 1.5, 4),
    faults: faults.length > 0 ? faults : ['crash'],
    compactEvery: pick(0, 3, 10, 40, 200),
    chunkBytes: pick(64, 512, 4_096),
    paddingBytes: pick(0, 0, 200),
    tight: chance(0.4),
    ...focus,
  };
}

/** All times are in proportion to this one, so that each run has about as many elections as the next. */
const timeoutMs = 1_000;
