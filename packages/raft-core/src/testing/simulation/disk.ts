import type { GroupId, LogIndex } from '../../ids.js';
import type { Random } from '../../random.js';
import type { GroupWrite } from '../../storage/storage.js';
import { GroupImage } from '../memory/group-image.js';
import type { EventQueue } from './event-queue.js';
import type { Plan } from './plan.js';

interface InFlight {
  readonly write: GroupWrite;
  readonly applied: LogIndex;
  readonly machine: number;
  readonly done: () => void;
}

/**
 * One node's disk: a log image, how far the state machine is durable, and one write at a time that
 * is slow, hangs, fails, or is half-way when the process dies. A batch is atomic, so a torn one is
 * a lost one.
 */
export class SimulatedDisk {
  readonly image: GroupImage;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #plan: Plan;
  #inFlight: InFlight | null = null;
  #durableApplied: LogIndex = 0 as LogIndex;
  #epoch = 0;
  /** Counts the state machines: a write that began before a restore says nothing of the new one. */
  #machine = 0;
  #overdue = false;
  /** Latencies are multiplied by this. */
  slowness = 1;
  hung = false;
  /** The next write fails: whoever asked for it must stop. */
  failNext = false;
  full = false;

  constructor(group: GroupId, queue: EventQueue, random: Random, plan: Plan) {
    this.image = new GroupImage(group);
    this.#queue = queue;
    this.#random = random;
    this.#plan = plan;
  }

  /** The state machine's entries up to here survive a crash. */
  get durableApplied(): LogIndex {
    return this.#durableApplied;
  }

  /** The write, and what is applied up to `applied`, becomes durable at once, later. */
  write(write: GroupWrite, applied: LogIndex, done: () => void, failed: () => void): void {
    this.image.check(write);
    this.#inFlight = { write, applied, machine: this.#machine, done };
    this.#overdue = false;
    const epoch = this.#epoch;
    const delay = (this.#plan.syncMs + this.#random() * this.#plan.syncSpreadMs) * this.slowness;
    this.#queue.after(delay, () => {
      if (epoch !== this.#epoch || this.#inFlight === null) return;
      if (this.hung) {
        this.#overdue = true;
        return;
      }
      if (this.failNext || this.full) {
        this.failNext = false;
        failed();
        return;
      }
      this.#finish();
    });
  }

  #finish(): void {
    const inFlight = this.#inFlight;
    if (inFlight === null) return;
    this.#land(inFlight);
    this.#inFlight = null;
    inFlight.done();
  }

  #land(inFlight: InFlight): void {
    this.image.apply(inFlight.write);
    if (inFlight.machine === this.#machine) this.#durableApplied = inFlight.applied;
  }

  resume(): void {
    this.hung = false;
    if (this.#overdue) this.#finish();
    this.#overdue = false;
  }

  /** The process dies. Returns whether a write was in flight, and whether it made it. */
  crash(): 'idle' | 'lost' | 'kept' {
    const inFlight = this.#inFlight;
    this.#inFlight = null;
    this.#epoch += 1;
    this.#overdue = false;
    if (inFlight === null) return 'idle';
    if (this.full || this.#random() < 0.5) return 'lost';
    this.#land(inFlight);
    return 'kept';
  }

  /** The state machine is another one, which reflects `index`, durably. */
  machineReplaced(index: LogIndex): void {
    this.#machine += 1;
    this.#durableApplied = index;
  }
}
