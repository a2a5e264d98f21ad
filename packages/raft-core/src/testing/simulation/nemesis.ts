import type { NodeId } from '../../ids.js';
import type { ConfState } from '../../log/entry.js';
import type { ConfChange, MemberChange } from '../../membership/conf-change.js';
import type { Random } from '../../random.js';
import type { EventQueue } from './event-queue.js';
import type { SimulatedNetwork } from './network.js';
import type { FaultKind, Plan } from './plan.js';
import type { SimulatedDisk } from './disk.js';
import { TraceKind } from './trace.js';
import type { Trace } from './trace.js';

/** A replica as the nemesis sees it. */
export interface Victim {
  readonly name: NodeId;
  readonly disk: SimulatedDisk;
  readonly up: boolean;
  /** Up and not paused. What a paused one is asked, it does when the world is another. */
  readonly running: boolean;
  readonly leads: boolean;
  readonly conf: ConfState;
  /** As its disk has it: what a write that is lost would have truncated is in force again. */
  readonly storedConf: ConfState;
  /** Its log is whole, and it has all that it may ever have acknowledged. */
  readonly trustworthy: boolean;
  /** Dies when it has passed so many more points between persist, send and apply. */
  crashAfter(points: number): void;
  crash(): void;
  restart(): void;
  setClockRate(rate: number): void;
  pause(): void;
  resume(): void;
  /** Damages the disk of a replica that is down. */
  damage(): void;
  transferTo(node: NodeId): void;
  changeMembership(change: ConfChange): void;
}

export interface NemesisWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly plan: Plan;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  readonly victims: readonly Victim[];
  readonly healing: boolean;
}

type NetworkFault = Extract<
  FaultKind,
  'isolate' | 'split' | 'one_way' | 'bridge' | 'cut_pair' | 'stale_leader' | 'flap' | 'lossy'
>;

/** Does harm at random times, and undoes it after a while. */
export class Nemesis {
  readonly #world: NemesisWorld;
  #partitions = 0;

  constructor(world: NemesisWorld) {
    this.#world = world;
  }

  start(): void {
    const { queue, random, plan } = this.#world;
    queue.after(random() * 2 * plan.calmMs, () => {
      if (this.#world.healing) return;
      // Faults that meet are worth more than faults that follow each other.
      do {
        const kind = plan.faults[Math.floor(random() * plan.faults.length)];
        if (kind !== undefined) this.#strike(kind);
      } while (random() < 0.4);
      this.start();
    });
  }

  /** Something starts a process again that died, after a while. */
  died(node: number): void {
    this.#later(pickDelay(this.#world.random), () => {
      const victim = this.#world.victims[node];
      if (victim?.up === false) victim.restart();
    });
  }

  /** Everything works again, and whoever is down comes back. */
  heal(): void {
    const { network, victims } = this.#world;
    network.mendAll();
    for (const victim of victims) {
      victim.disk.slowness = 1;
      victim.disk.full = false;
      victim.disk.failNext = false;
      victim.disk.resume();
      victim.resume();
      victim.crashAfter(0);
      victim.setClockRate(1);
      if (!victim.up) victim.restart();
    }
  }

  #note(text: string, a = 0): void {
    this.#world.trace.note(TraceKind.fault, a, 0, 0, () => `nemesis: ${text}`);
  }

  #node(): number {
    return Math.floor(this.#world.random() * this.#world.victims.length);
  }

  /** More often than not the one that it hurts most. */
  #preferLeader(): number {
    const leader = this.#world.victims.findIndex((victim) => victim.leads);
    return leader >= 0 && this.#world.random() < 0.5 ? leader : this.#node();
  }

  #later(factor: number, run: () => void): void {
    const { queue, random, plan } = this.#world;
    queue.after((0.2 + random()) * factor * plan.electionTimeoutMs, () => {
      if (!this.#world.healing) run();
    });
  }

  #strike(kind: FaultKind): void {
    switch (kind) {
      case 'isolate':
      case 'split':
      case 'one_way':
      case 'bridge':
      case 'cut_pair':
      case 'stale_leader':
      case 'flap':
      case 'lossy':
        this.#strikeNetwork(kind);
        return;
      case 'crash':
        this.#crash(this.#preferLeader());
        return;
      case 'crash_all':
        this.#world.victims.forEach((_, node) => this.#crash(node));
        return;
      case 'pause':
        this.#pause(this.#preferLeader());
        return;
      case 'slow_disk':
      case 'hang_disk':
      case 'fail_sync':
      case 'full_disk':
        this.#strikeDisk(kind, this.#preferLeader());
        return;
      case 'damage':
        this.#damage();
        return;
      case 'membership':
        this.#changeMembership();
        return;
      case 'transfer':
        this.#transfer();
    }
  }

  #strikeNetwork(kind: NetworkFault): void {
    const { network, random, plan } = this.#world;
    const one = this.#preferLeader();
    const other = (one + 1 + Math.floor(random() * (plan.nodes - 1))) % plan.nodes;
    switch (kind) {
      case 'isolate':
        this.#cutWhere(`isolates n${one}`, (from, to) => (from === one) !== (to === one));
        return;
      case 'split': {
        const side = Array.from({ length: plan.nodes }, () => random() < 0.5);
        this.#cutWhere(`splits ${side.map(Number).join('')}`, (from, to) => side[from] !== side[to]);
        return;
      }
      case 'one_way': {
        const outbound = random() < 0.5;
        this.#cutWhere(
          `cuts what n${one} ${outbound ? 'sends' : 'hears'}`,
          (from, to) => (outbound ? from : to) === one,
        );
        return;
      }
      case 'bridge':
        this.#cutWhere(
          `leaves n${one} as the only bridge`,
          (from, to) => from !== one && to !== one && from % 2 !== to % 2,
        );
        return;
      case 'cut_pair':
        this.#cutWhere(
          `cuts n${one} and n${other}`,
          (from, to) => (from === one && to === other) || (from === other && to === one),
        );
        return;
      case 'stale_leader':
        this.#leaveBehind(one);
        return;
      case 'flap':
        this.#flap(one, other, 3 + Math.floor(random() * 12));
        return;
      case 'lossy':
        network.extraLoss = random() * 0.5;
        this.#note(`loses ${network.extraLoss.toFixed(2)} of all messages`);
        this.#later(4, () => (network.extraLoss = 0));
    }
  }

  #cutWhere(text: string, isCut: (from: number, to: number) => boolean): void {
    const { network, plan } = this.#world;
    // More at once, and nothing would ever be decided.
    if (this.#partitions === 2) return;
    this.#partitions += 1;
    const links: (readonly [number, number])[] = [];
    for (let from = 0; from < plan.nodes; from += 1) {
      for (let to = 0; to < plan.nodes; to += 1) if (from !== to && isCut(from, to)) links.push([from, to]);
    }
    for (const [from, to] of links) network.cut(from, to);
    this.#note(text, links.length);
    this.#later(4, () => {
      for (const [from, to] of links) network.mend(from, to);
      this.#partitions -= 1;
      this.#note(`ends: ${text}`);
    });
  }

  /** Cut off with a clock that hardly moves: it goes on believing that it leads. */
  #leaveBehind(node: number): void {
    const victim = this.#world.victims[node];
    if (victim === undefined) return;
    this.#cutWhere(`leaves n${node} behind`, (from, to) => (from === node) !== (to === node));
    victim.setClockRate(0.1);
    this.#later(4, () => victim.setClockRate(1));
  }

  #flap(one: number, other: number, times: number): void {
    if (times === 0) return;
    const { network, queue, random, plan } = this.#world;
    network.cut(one, other);
    this.#note(`flaps n${one} to n${other}`);
    queue.after(random() * plan.electionTimeoutMs, () => {
      if (this.#world.healing) return;
      network.mend(one, other);
      queue.after(random() * plan.electionTimeoutMs, () => {
        if (!this.#world.healing) this.#flap(one, other, times - 1);
      });
    });
  }

  #crash(node: number): void {
    const { random } = this.#world;
    const victim = this.#world.victims[node];
    if (victim?.up !== true) return;
    const points = 1 + Math.floor(random() * 12);
    this.#note(`will crash n${node} after ${points} points`, node);
    victim.crashAfter(points);
    this.#later(6, () => {
      victim.crashAfter(0);
      if (!victim.up) victim.restart();
    });
  }

  #pause(node: number): void {
    const victim = this.#world.victims[node];
    if (victim?.up !== true) return;
    this.#note(`pauses n${node}`, node);
    victim.pause();
    this.#later(4, () => {
      this.#note(`resumes n${node}`, node);
      victim.resume();
    });
  }

  #strikeDisk(kind: 'slow_disk' | 'hang_disk' | 'fail_sync' | 'full_disk', node: number): void {
    const { random } = this.#world;
    const victim = this.#world.victims[node];
    if (victim?.up !== true) return;
    this.#note(`${kind} on n${node}`, node);
    const { disk } = victim;
    switch (kind) {
      case 'slow_disk':
        disk.slowness = 5 + random() * 50;
        this.#later(6, () => (disk.slowness = 1));
        return;
      case 'hang_disk':
        disk.hung = true;
        this.#later(6, () => disk.resume());
        return;
      case 'fail_sync':
        disk.failNext = true;
        return;
      case 'full_disk':
        disk.full = true;
        this.#later(6, () => (disk.full = false));
    }
  }

  /** One at a time, and only where a majority does not need it: two lost logs may be a lost commit. */
  #damage(): void {
    const { victims } = this.#world;
    const node = this.#node();
    const victim = victims[node];
    if (victim?.up !== true || victim.disk.image.meta === null) return;
    if (victims.some((other) => !other.up || !other.trustworthy)) return;
    const small = (half: readonly NodeId[]): boolean => half.includes(victim.name) && half.length < 3;
    const confs = victims.flatMap(({ conf, storedConf }) => [conf, storedConf]);
    if (confs.some((conf) => small(conf.voters) || small(conf.votersOutgoing))) return;
    this.#note(`damages the log of n${node}`, node);
    victim.crash();
    victim.damage();
  }

  #changeMembership(): void {
    const { random, victims } = this.#world;
    // A voter that lost its log cannot vote: a majority that needs it would never be had.
    if (victims.some((victim) => !victim.trustworthy)) return;
    const leader = victims.find((victim) => victim.leads && victim.running && random() < 0.9);
    if (leader === undefined) return;
    const changes: MemberChange[] = [];
    const count = random() < 0.6 ? 1 : 1 + Math.floor(random() * victims.length);
    const kinds = ['add_voter', 'add_voter', 'add_learner', 'remove'] as const;
    const order = victims.map((victim) => ({ victim, at: random() })).sort((a, b) => a.at - b.at);
    for (const { victim } of order.slice(0, count)) {
      changes.push({ kind: kinds[Math.floor(random() * kinds.length)] ?? 'add_voter', node: victim.name });
    }
    this.#note(
      `changes members at ${leader.name}: ${changes.map(({ kind, node }) => `${kind} ${node}`).join(', ')}`,
    );
    leader.changeMembership({ changes });
    if (random() < 0.3) this.#changeMembership();
  }

  #transfer(): void {
    const { victims } = this.#world;
    const leader = victims.find((victim) => victim.leads);
    const target = victims[this.#node()];
    if (leader === undefined || target === undefined) return;
    this.#note(`transfers from ${leader.name} to ${target.name}`);
    leader.transferTo(target.name);
  }
}

/** In election timeouts: often before anybody notices, sometimes long after. */
function pickDelay(random: Random): number {
  return random() < 0.5 ? 0.5 : 5;
}
