import type { GroupOptions } from '../../group/options.js';
import { defaultLimits } from '../../group/options.js';
import { groupId, nodeId } from '../../ids.js';
import type { NodeId } from '../../ids.js';
import { initialConf, isMember, emptyConf } from '../../membership/conf-state.js';
import { createRandom } from '../../random.js';
import type { Random } from '../../random.js';
import { Client } from './client.js';
import type { ClientWorld } from './client.js';
import { EventQueue } from './event-queue.js';
import { History, Violation } from './history.js';
import { Nemesis } from './nemesis.js';
import type { NemesisWorld } from './nemesis.js';
import { SimulatedNetwork } from './network.js';
import { drawPlan } from './plan.js';
import type { Plan, PlanFocus } from './plan.js';
import { Replica } from './replica.js';
import type { ReplicaWorld } from './replica-world.js';
import { SafetyChecker } from './safety-checker.js';
import { Trace } from './trace.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Events with faults, before the run is healed and must come to rest. Default 20,000. */
  readonly steps?: number;
  readonly focus?: PlanFocus;
  /** Gets one readable line per event. */
  readonly onLine?: (line: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly steps: number;
  readonly hash: string;
  readonly virtualMs: number;
  readonly committed: number;
  readonly acknowledged: number;
  readonly reads: number;
  readonly terms: number;
  /** Null: nothing was broken. */
  readonly violation: { readonly rule: string; readonly message: string; readonly step: number } | null;
}

/** The one command that runs a seed again, in this repository, with a line for everything that happens. */
export function replayCommand(seed: number, steps: number): string {
  return `npm run simulate -w @fastpaca/raft-core -- --seed ${seed} --steps ${steps} --trace`;
}

/** Election timeouts that a healed cluster may take to elect, catch up and serve every client. */
const patience = 200;

/**
 * A cluster of one group in one process on virtual time, with faults drawn from the seed. Everything
 * that happens follows from the seed: the same seed gives the same run, on every machine.
 *
 * ```ts
 * const { violation } = simulate({ seed: 7 });
 * ```
 *
 * Never throws for what it finds, an exception from inside the group included: that is a violation
 * named `exception`.
 */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation implements ReplicaWorld, ClientWorld, NemesisWorld {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly history = new History();
  readonly checker: SafetyChecker;
  readonly names: readonly NodeId[];
  readonly group = groupId(1);
  readonly #seed: number;
  readonly #stepLimit: number;
  readonly #replicas: readonly Replica[];
  readonly #clients: readonly Client[];
  readonly #nemesis: Nemesis;
  #operations = 0;
  #healing = false;
  #steps = 0;

  constructor({ seed, steps, focus, onLine }: SimulationOptions) {
    this.#seed = seed;
    this.#stepLimit = steps ?? 20_000;
    this.random = createRandom(seed);
    this.plan = drawPlan(this.random, focus);
    this.trace = new Trace(() => this.queue.now, onLine ?? null);
    this.network = new SimulatedNetwork(this.queue, this.random, this.plan);
    this.names = Array.from({ length: this.plan.nodes }, (_, node) => nodeId(`n${node}`));
    this.checker = new SafetyChecker(this.names, (node) => this.replica(node).disk.image);
    this.#replicas = this.names.map((name, node) => new Replica(node, name, this));
    this.#clients = Array.from(
      { length: this.plan.clients },
      (_, at) => new Client(this, at % this.plan.nodes),
    );
    this.#nemesis = new Nemesis(this);
  }

  get servers(): readonly Replica[] {
    return this.#replicas;
  }

  get victims(): readonly Replica[] {
    return this.#replicas;
  }

  get healing(): boolean {
    return this.#healing;
  }

  replica(node: number): Replica {
    const replica = this.#replicas[node];
    if (replica === undefined) throw new RangeError(`There is no node ${node}.`);
    return replica;
  }

  nextOperation(): number {
    this.#operations += 1;
    return this.#operations;
  }

  groupOptions(self: NodeId): GroupOptions {
    const { heartbeatMs, electionTimeoutMs, tight } = this.plan;
    const limits = tight ? tightLimits : defaultLimits;
    return {
      self,
      group: this.group,
      random: this.random,
      timing: { heartbeatMs, electionTimeoutMs },
      limits,
    };
  }

  died(node: number): void {
    this.#nemesis.died(node);
    if (this.random() < 0.5) return;
    for (const replica of this.#replicas) {
      if (replica.node === node) continue;
      this.queue.after(this.plan.latencyMs, () => replica.peerDown(this.names[node] ?? replica.name));
    }
  }

  run(): SimulationResult {
    try {
      this.#start();
      while (this.#steps < this.#stepLimit) this.#step();
      this.#heal();
      return this.#result(null);
    } catch (error) {
      const rule = error instanceof Violation ? error.rule : 'exception';
      const message =
        error instanceof Error
          ? rule === 'exception'
            ? (error.stack ?? error.message)
            : error.message
          : String(error);
      return this.#result({ rule, message, step: this.#steps });
    }
  }

  #start(): void {
    const conf = initialConf(this.names.slice(0, this.plan.founders));
    this.#replicas.forEach((replica, node) => {
      replica.format(node < this.plan.founders ? conf : emptyConf);
      replica.restart();
    });
    for (const client of this.#clients) client.start();
    this.#nemesis.start();
  }

  #step(): void {
    if (!this.queue.step()) throw new Violation('simulation', 'nothing is left to happen');
    this.#steps += 1;
  }

  /** Faults stop: from here on everything that was promised must come true within a bounded time. */
  #heal(): void {
    this.#healing = true;
    this.#nemesis.heal();
    const end = this.queue.now + patience * this.plan.electionTimeoutMs;
    while (!this.#atRest()) {
      if (this.queue.now > end) throw new Violation('progress', this.#describeStuck());
      for (let count = 0; count < 32; count += 1) this.#step();
    }
  }

  #atRest(): boolean {
    if (!this.#clients.every((client) => client.satisfied)) return false;
    const leader = this.#replicas.find((replica) => replica.leads && replica.commit === this.checker.commit);
    if (leader === undefined || leader.conf.votersOutgoing.length > 0) return false;
    return this.#replicas.every(
      (replica) => !isMember(leader.conf, replica.name) || replica.applied === this.checker.commit,
    );
  }

  #describeStuck(): string {
    const replicas = this.#replicas.map((replica) => `${replica.name} ${replica.describe()}`).join('; ');
    const waiting = this.#clients.filter((client) => !client.satisfied).length;
    return `no rest within ${patience} election timeouts after the faults stopped: commit ${this.checker.commit}, ${waiting} clients wait; ${replicas}`;
  }

  #result(violation: SimulationResult['violation']): SimulationResult {
    return {
      seed: this.#seed,
      steps: this.#steps,
      hash: this.trace.hash,
      virtualMs: Math.round(this.queue.now),
      committed: this.checker.commit,
      acknowledged: this.history.acknowledged,
      reads: this.history.reads,
      terms: this.checker.terms,
      violation,
    };
  }
}

const tightLimits: GroupOptions['limits'] = {
  ...defaultLimits,
  maxAppendBytes: 256,
  maxInflightMessages: 3,
  maxInflightBytes: 1_024,
  maxUncommittedEntries: 24,
  maxUncommittedBytes: 4_096,
  cacheBytes: 100,
  maxApplyBytes: 300,
  maxPendingReads: 8,
};
