import { pick, type Random } from '../random.ts';

/** A node as clients call it. */
export interface Target {
  readonly name: string;
  readonly url: string;
}

/**
 * Which node a client calls next. It stays where it is answered and goes elsewhere where it is not, as clients do, and
 * now and then for no reason, so that every node is asked about what another one wrote.
 */
export class NodesInView {
  readonly #targets: () => readonly Target[];
  readonly #random: Random;
  #current: Target;

  /** @param targets those that exist now: nodes are added and removed during a run */
  constructor(targets: () => readonly Target[], random: Random) {
    this.#targets = targets;
    this.#random = random;
    this.#current = pick(random, targets());
  }

  next(): Target {
    const gone = !this.#targets().some(({ name }) => name === this.#current.name);
    if (gone || this.#random() < 0.25) this.leave();
    return this.#current;
  }

  /** It did not answer well. */
  leave(): void {
    const others = this.#targets().filter(({ name }) => name !== this.#current.name);
    if (others.length > 0) this.#current = pick(this.#random, others);
  }
}
