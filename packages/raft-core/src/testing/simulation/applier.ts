import type { LogIndex, Term } from '../../ids.js';
import type { Entry } from '../../log/entry.js';
import type { ReadState } from '../../group/ready.js';
import type { AppendOutcome } from './client.js';
import type { History } from './history.js';
import { Violation } from './history.js';
import { ListMachine } from './list-machine.js';
import type { Plan } from './plan.js';
import type { Random } from '../../random.js';
import type { SafetyChecker } from './safety-checker.js';
import { TraceKind } from './trace.js';
import type { Trace } from './trace.js';

export interface ApplierWorld {
  readonly plan: Plan;
  readonly random: Random;
  readonly history: History;
  readonly checker: SafetyChecker;
  readonly trace: Trace;
}

/** What the applier needs of the process it lives in. */
export interface ApplierProcess {
  later(delayMs: number, run: () => void): void;
  /** The process may die here. */
  point(): void;
  applied(index: LogIndex): void;
}

interface Awaited {
  readonly term: Term;
  readonly done: (outcome: AppendOutcome) => void;
}

/** A replica's state machine, and who waits for it: proposals for their entry, reads for their index. */
export class Applier {
  readonly #node: number;
  readonly #world: ApplierWorld;
  readonly #process: ApplierProcess;
  #machine = new ListMachine();
  /** Grows when the state machine is replaced: entries still to be applied then are not. */
  #generation = 0;
  #awaited = new Map<number, Awaited>();
  #reads = new Map<number, (length: number | null) => void>();
  #readIds = 0;
  #waiting: ReadState[] = [];

  constructor(node: number, world: ApplierWorld, process: ApplierProcess) {
    this.#node = node;
    this.#world = world;
    this.#process = process;
  }

  get machine(): ListMachine {
    return this.#machine;
  }

  crash(): void {
    this.#generation += 1;
    this.#awaited.clear();
    this.#reads.clear();
    this.#waiting = [];
  }

  reopen(durable: LogIndex): void {
    this.#machine.rollBack(durable);
  }

  /** By a snapshot, or by nothing while one is being installed. */
  replace(machine: ListMachine): void {
    this.#generation += 1;
    this.#machine = machine;
    if (machine.applied > 0) this.#checkSnapshot(machine);
    this.#answerReads();
  }

  /** The process died before the one that was to replace it was complete. */
  bringBack(machine: ListMachine): void {
    this.#machine = machine;
  }

  #checkSnapshot(machine: ListMachine): void {
    this.#world.checker.appliedLength(this.#node, machine.applied, machine.length);
    machine.items.forEach((item, at) => {
      const position = this.#world.history.position(item);
      if (position !== at + 1) {
        throw new Violation(
          'state-machine safety',
          `a snapshot has item ${item} at ${at + 1}, the list at ${position ?? 'no place'}`,
        );
      }
    });
  }

  apply(entries: readonly Entry[]): void {
    const generation = this.#generation;
    this.#process.later(this.#world.plan.applyMs * this.#world.random(), () => {
      if (generation !== this.#generation) return;
      for (const entry of entries) {
        this.#process.point();
        this.#applyOne(entry);
      }
      this.#process.point();
      this.#answerReads();
      this.#process.applied(this.#machine.applied);
    });
  }

  #applyOne(entry: Entry): void {
    const { checker, trace } = this.#world;
    if (entry.index !== this.#machine.applied + 1) {
      throw new Violation(
        'state-machine safety',
        `node ${this.#node} applies ${entry.index} after ${this.#machine.applied}`,
      );
    }
    checker.applies(this.#node, entry);
    const position = entry.type === 'normal' ? this.#append(entry) : this.#machine.skip(entry.index);
    checker.appliedLength(this.#node, entry.index, this.#machine.length);
    trace.note(
      TraceKind.apply,
      this.#node,
      entry.index,
      position,
      () =>
        `n${this.#node} applies ${entry.index}/t${entry.term}${position > 0 ? `, position ${position}` : ` ${entry.type}`}`,
    );
    const awaited = this.#awaited.get(entry.index);
    if (awaited === undefined) return;
    this.#awaited.delete(entry.index);
    awaited.done(awaited.term === entry.term ? { kind: 'committed', position } : { kind: 'unknown' });
  }

  #append(entry: Entry): number {
    const item = new DataView(entry.data.buffer, entry.data.byteOffset).getUint32(0);
    const { position, fresh } = this.#machine.append(entry.index, item);
    if (!fresh) return position;
    const { history } = this.#world;
    const known = history.position(item);
    if (known === undefined) history.tookEffect(item, position);
    else if (known !== position) {
      throw new Violation(
        'exactly once',
        `node ${this.#node} has item ${item} at ${position}, another replica at ${known}`,
      );
    }
    return position;
  }

  /** Answers when the entry is applied here, or is known to be another. */
  await(index: LogIndex, term: Term, done: (outcome: AppendOutcome) => void): void {
    this.#awaited.get(index)?.done({ kind: 'unknown' });
    this.#awaited.set(index, { term, done });
  }

  /** Whoever stops leading cannot say what becomes of its proposals. */
  roleChanged(leading: Term | null): void {
    for (const [index, { term, done }] of [...this.#awaited]) {
      if (term === leading || this.#world.random() < 0.5) continue;
      this.#awaited.delete(index);
      done({ kind: 'unknown' });
    }
  }

  newRead(done: (length: number | null) => void): number {
    this.#readIds += 1;
    this.#reads.set(this.#readIds, done);
    return this.#readIds;
  }

  refuseRead(id: number): void {
    this.#reads.get(id)?.(null);
    this.#reads.delete(id);
  }

  /** Read points were found: the reads are answered once their index is applied. */
  serve(states: readonly ReadState[]): void {
    if (states.length === 0) return;
    this.#waiting.push(...states);
    this.#answerReads();
  }

  #answerReads(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((state) => state.index <= this.#machine.applied);
    this.#waiting = this.#waiting.filter((state) => state.index > this.#machine.applied);
    for (const id of ready.flatMap((state) => state.reads)) {
      this.#reads.get(id)?.(this.#machine.length);
      this.#reads.delete(id);
    }
  }
}
