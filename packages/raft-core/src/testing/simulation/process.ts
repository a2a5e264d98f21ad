import type { EventQueue } from './event-queue.js';

/** Thrown through a process's own code where it dies in the middle of it. */
const died = Symbol('the process died');

const maxBacklog = 4_096;

/** The life of a process: it can die at any point, and be paused with everything that waits for it. */
export class SimulatedProcess {
  readonly #queue: EventQueue;
  readonly #die: () => void;
  /** Grows with each start and end: what was scheduled in an earlier life does not happen. */
  #life = 0;
  #paused = false;
  #backlog: (() => void)[] = [];
  /** Points between persist, send and apply until the process dies; 0: it does not. */
  #fuse = 0;

  constructor(queue: EventQueue, die: () => void) {
    this.#queue = queue;
    this.#die = die;
  }

  get life(): number {
    return this.#life;
  }

  get paused(): boolean {
    return this.#paused;
  }

  begin(): void {
    this.#life += 1;
    this.#paused = false;
  }

  end(): void {
    this.#life += 1;
    this.#fuse = 0;
    this.#backlog = [];
  }

  dieAfter(points: number): void {
    this.#fuse = points;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const life = this.#life;
    for (const run of this.#backlog.splice(0)) if (life === this.#life) run();
  }

  /** A place where the process may die. */
  point(): void {
    if (this.#fuse === 0) return;
    this.#fuse -= 1;
    if (this.#fuse > 0) return;
    this.#die();
    throw died;
  }

  /** Runs as part of that life: not after its end, and later where the process is paused. */
  run(life: number, task: () => void): void {
    if (life !== this.#life) return;
    if (this.#paused) {
      if (this.#backlog.length < maxBacklog) this.#backlog.push(() => this.run(life, task));
      return;
    }
    try {
      task();
    } catch (error) {
      if (error !== died) throw error;
    }
  }

  later(delayMs: number, task: () => void): void {
    const life = this.#life;
    this.#queue.after(delayMs, () => this.run(life, task));
  }
}
