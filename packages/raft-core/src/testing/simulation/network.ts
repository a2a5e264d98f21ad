import type { Random } from '../../random.js';
import type { EventQueue } from './event-queue.js';
import type { Plan } from './plan.js';

/** Links between numbered nodes that lose, delay, duplicate and reorder what they carry. */
export class SimulatedNetwork {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #cuts: Uint16Array;
  /** While faults last. Afterwards every message arrives, once, after the plain latency. */
  faulty = true;
  /** Beyond what the plan has. */
  extraLoss = 0;

  constructor(queue: EventQueue, random: Random, plan: Plan) {
    this.#queue = queue;
    this.#random = random;
    this.#plan = plan;
    this.#cuts = new Uint16Array(plan.nodes * plan.nodes);
  }

  /** One direction; cuts add up, each is undone by its own `mend`. */
  cut(from: number, to: number): void {
    const at = from * this.#plan.nodes + to;
    this.#cuts[at] = (this.#cuts[at] ?? 0) + 1;
  }

  mend(from: number, to: number): void {
    const at = from * this.#plan.nodes + to;
    this.#cuts[at] = Math.max(0, (this.#cuts[at] ?? 0) - 1);
  }

  mendAll(): void {
    this.#cuts.fill(0);
    this.extraLoss = 0;
    this.faulty = false;
  }

  connected(from: number, to: number): boolean {
    return this.#cuts[from * this.#plan.nodes + to] === 0;
  }

  /** A message that meets a cut on arrival is lost too: it was on the wire when the cable was pulled. */
  send(from: number, to: number, deliver: () => void): void {
    const { loss, duplicate, straggle } = this.#plan;
    if (!this.connected(from, to)) return;
    if (this.faulty && this.#random() < loss + this.extraLoss) return;
    this.#carry(from, to, this.faulty && this.#random() < straggle, deliver);
    if (this.faulty && this.#random() < duplicate) this.#carry(from, to, this.#random() < 0.5, deliver);
  }

  #carry(from: number, to: number, late: boolean, deliver: () => void): void {
    const { latencyMs, latencySpreadMs, electionTimeoutMs } = this.#plan;
    const delay =
      latencyMs + this.#random() * latencySpreadMs + (late ? this.#random() * 3 * electionTimeoutMs : 0);
    this.#queue.after(delay, () => {
      if (this.connected(from, to)) deliver();
    });
  }
}
