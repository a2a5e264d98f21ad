import { setTimeout as delay } from 'node:timers/promises';
import type { Excuse } from '../check/silence-checks.ts';
import type { Violation } from '../history/operation.ts';
import type { Ending } from '../node/node-process.ts';
import type { TestCluster } from '../node/test-cluster.ts';
import { patienceMs } from '../workload/api.ts';
import { describeFault, onMembers, type Fault, type Step } from './fault.ts';
import type { Replacement } from './replacement.ts';

export interface NemesisOptions {
  readonly cluster: TestCluster;
  readonly replacement: Replacement;
  readonly now: () => number;
  readonly say: (line: string) => void;
  readonly broken: (violation: Violation) => void;
}

/** How long a node that was hurt may still keep requests waiting: what it had received lies in its buffers. */
const graceMs = patienceMs;
const exitDeadlineMs = 20_000;

/** Carries out the steps of a plan, one after the other, and undoes each. */
export class Nemesis {
  /** When which node had a reason to leave a request unanswered. */
  readonly excuses: Excuse[] = [];
  readonly #options: NemesisOptions;
  readonly #stop = new AbortController();
  /** Nodes whose disk is full: they end by themselves, as they should. */
  readonly #full = new Set<number>();

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  /** Ends the step at hand, too. */
  stop(): void {
    this.#stop.abort();
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const { calmMs, fault: planned, forMs } of steps) {
      await this.#wait(calmMs);
      if (this.#stop.signal.aborted) return;
      const fault = onMembers(planned, this.#options.replacement.members());
      this.#options.say(`${describeFault(fault)}, ${(forMs / 1_000).toFixed(1)} s`);
      await this.#excused(fault, () => this.#inflict(fault, forMs));
    }
  }

  /** A process has ended. Whoever did not ask for it has found something. */
  ended(index: number, ending: Ending): void {
    if (!ending.unexpected || this.#full.has(index)) return;
    const { name } = this.#options.cluster.node(index).process;
    const how = ending.signal ?? `code ${ending.code}`;
    this.#options.broken({ check: 'nodes stay up', message: `${name} ended by itself with ${how}` });
  }

  async #inflict(fault: Fault, forMs: number): Promise<void> {
    const { cluster, replacement } = this.#options;
    const { network, disks } = cluster;
    switch (fault.kind) {
      case 'kill':
        await Promise.all(fault.nodes.map((index) => cluster.node(index).process.kill()));
        await this.#wait(forMs);
        for (const index of fault.nodes) cluster.start(index);
        return;
      case 'pause':
        for (const index of fault.nodes) cluster.node(index).process.pause();
        await this.#wait(forMs);
        for (const index of fault.nodes) cluster.node(index).process.resume();
        return;
      case 'stutter':
        return this.#stutter(fault.node, forMs);
      case 'cut':
        for (const { index } of cluster.nodes) {
          if (index === fault.node) continue;
          if (fault.direction !== 'in') network.block(fault.node, index);
          if (fault.direction !== 'out') network.block(index, fault.node);
        }
        return this.#waitAndHeal(forMs);
      case 'bridge':
        network.block(fault.nodes[0], fault.nodes[1]);
        network.block(fault.nodes[1], fault.nodes[0]);
        return this.#waitAndHeal(forMs);
      case 'cut all':
        for (const from of cluster.nodes) {
          for (const to of cluster.nodes) if (from !== to) network.block(from.index, to.index);
        }
        return this.#waitAndHeal(forMs);
      case 'slow link':
        network.slow(fault.node, fault.how);
        return this.#waitAndHeal(forMs);
      case 'slow disk': {
        const { pid } = cluster.node(fault.node).process;
        if (pid !== null) disks.slow(fault.node, pid);
        await this.#wait(forMs);
        disks.unslow(fault.node);
        return;
      }
      case 'fill disk':
        return this.#fill(fault.node, forMs);
      case 'restart':
        return this.#restart(fault.nodes);
      case 'replace':
        return replacement.replace(fault.node, this.#stop.signal);
    }
  }

  async #waitAndHeal(forMs: number): Promise<void> {
    await this.#wait(forMs);
    this.#options.cluster.network.heal();
  }

  async #stutter(index: number, forMs: number): Promise<void> {
    const { process } = this.#options.cluster.node(index);
    const end = this.#options.now() + forMs;
    while (this.#options.now() < end && !this.#stop.signal.aborted) {
      process.pause();
      await delay(60);
      process.resume();
      await delay(40);
    }
  }

  /** The first failed write must end the node. Started again with room, it has all that it acknowledged. */
  async #fill(index: number, forMs: number): Promise<void> {
    const { cluster, now, broken, say } = this.#options;
    const { process } = cluster.node(index);
    this.#full.add(index);
    try {
      cluster.disks.fill(index);
      await this.#wait(forMs);
      const end = now() + exitDeadlineMs;
      while (process.state !== 'stopped' && now() < end && !this.#stop.signal.aborted) await delay(50);
      if (process.state === 'stopped') say(`${process.name} stopped, as it must with a full disk`);
      else if (!this.#stop.signal.aborted) {
        broken({
          check: 'full disk',
          message: `${process.name} went on for ${exitDeadlineMs / 1_000} s with a full disk`,
        });
      }
      await process.kill();
      cluster.disks.free(index);
      cluster.start(index);
    } finally {
      this.#full.delete(index);
    }
  }

  /** One after the other, each ready before the next, as an upgrade goes. */
  async #restart(nodes: readonly number[]): Promise<void> {
    const { cluster, broken } = this.#options;
    for (const index of nodes) {
      const { process } = cluster.node(index);
      const ready = await process.ready();
      // One that was still starting knows nothing of signals yet.
      if (!(await process.stop()) && ready) {
        broken({
          check: 'clean stop',
          message: `${process.name} did not end by itself with 0 after SIGTERM`,
        });
      }
      cluster.start(index);
      await process.untilReady(30_000).catch(() => undefined);
    }
  }

  async #excused(fault: Fault, inflict: () => Promise<void>): Promise<void> {
    const { now, cluster } = this.#options;
    const from = now();
    await inflict();
    const to = now() + graceMs;
    for (const index of unresponsive(fault)) {
      this.excuses.push({ node: cluster.node(index).process.name, from, to });
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/** The nodes that a fault keeps from answering. One that is cut off answers: with 503 or 504, in time. */
function unresponsive(fault: Fault): readonly number[] {
  switch (fault.kind) {
    case 'kill':
    case 'pause':
    case 'restart':
      return fault.nodes;
    case 'stutter':
    case 'slow link':
    case 'slow disk':
    case 'fill disk':
    case 'replace':
      return [fault.node];
    case 'cut':
    case 'bridge':
    case 'cut all':
      return [];
  }
}
