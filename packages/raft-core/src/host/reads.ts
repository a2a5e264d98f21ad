import type { LogIndex, NodeId } from '../ids.js';
import type { ReadOutcome } from './outcome.js';

interface Reader {
  readonly resolve: (outcome: ReadOutcome) => void;
  readonly deadline: number;
}

interface Batch {
  readonly id: number;
  readers: Reader[];
}

/** How many batches of one group may be on their way to a read point. */
const MAX_BATCHES = 4;

/** The reads of one group: those of a turn share one request, then wait until its index is applied. */
export class Reads {
  #next: Reader[] = [];
  #batches: Batch[] = [];
  #waiting: { readonly index: LogIndex; readers: Reader[] }[] = [];
  #ids = 0;
  #size = 0;
  #earliest = Infinity;

  get size(): number {
    return this.#size;
  }

  /** No deadline is earlier. */
  get earliest(): number {
    return this.#earliest;
  }

  add(deadline: number, resolve: (outcome: ReadOutcome) => void): void {
    this.#next.push({ resolve, deadline });
    this.#size += 1;
    this.#earliest = Math.min(this.#earliest, deadline);
  }

  /** Whether `start` may have something to start. */
  get haveNew(): boolean {
    return this.#next.length > 0;
  }

  /** Starts a batch with what has arrived, if any. */
  start(request: (id: number) => boolean): void {
    if (this.#next.length === 0 || this.#batches.length >= MAX_BATCHES) return;
    if (!request(this.#ids + 1)) return;
    this.#ids += 1;
    this.#batches.push({ id: this.#ids, readers: this.#next });
    this.#next = [];
  }

  /** The batches have their read point. */
  found(ids: readonly number[], index: LogIndex, applied: LogIndex): void {
    for (const id of ids) {
      const batch = this.#batches.find((candidate) => candidate.id === id);
      if (batch === undefined) continue;
      this.#batches = this.#batches.filter((candidate) => candidate !== batch);
      this.#waiting.push({ index, readers: batch.readers });
    }
    this.applied(applied);
  }

  applied(applied: LogIndex): void {
    if (this.#waiting.length === 0) return;
    for (const { index, readers } of this.#waiting) {
      if (index <= applied) this.#end(readers, { kind: 'ready', index });
    }
    this.#waiting = this.#waiting.filter(({ index }) => index > applied);
  }

  expire(now: number, leader: NodeId | null): void {
    if (now < this.#earliest) return;
    this.#earliest = Infinity;
    const outcome: ReadOutcome = { kind: 'unavailable', reason: 'deadline', leader };
    const keep = (readers: Reader[]): Reader[] => {
      const late = readers.filter(({ deadline }) => deadline <= now);
      this.#end(late, outcome);
      const rest = readers.filter(({ deadline }) => deadline > now);
      for (const { deadline } of rest) this.#earliest = Math.min(this.#earliest, deadline);
      return rest;
    };
    this.#next = keep(this.#next);
    for (const batch of this.#batches) batch.readers = keep(batch.readers);
    for (const waiting of this.#waiting) waiting.readers = keep(waiting.readers);
  }

  endAll(outcome: ReadOutcome): void {
    const all = [this.#next, ...this.#batches.map((b) => b.readers), ...this.#waiting.map((w) => w.readers)];
    this.#next = [];
    this.#batches = [];
    this.#waiting = [];
    for (const readers of all) this.#end(readers, outcome);
  }

  #end(readers: readonly Reader[], outcome: ReadOutcome): void {
    this.#size -= readers.length;
    for (const { resolve } of readers) resolve(outcome);
  }
}
