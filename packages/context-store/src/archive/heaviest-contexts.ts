import type { ContextId } from '../context/context-id.js';

/** Candidates: far more than are ever shown, so that those that move up when others shrink are known. */
const capacity = 1_024;

/**
 * The contexts with the largest of some number, in bounded memory. It is told of every change; what
 * falls below the smallest of 1,024 is forgotten until it changes again, and a context that has not
 * changed since the process began is not known.
 */
export class HeaviestContexts {
  readonly #values = new Map<ContextId, number>();
  #floor = 0;

  note(id: ContextId, value: number): void {
    if (value <= this.#floor) {
      this.#values.delete(id);
      if (this.#values.size < capacity / 2) this.#floor = 0;
      return;
    }
    this.#values.set(id, value);
    if (this.#values.size > 2 * capacity) this.#shrink();
  }

  clear(): void {
    this.#values.clear();
    this.#floor = 0;
  }

  /** The largest first, of those that pass the filter. */
  largest(limit: number, filter: (id: ContextId) => boolean): readonly (readonly [ContextId, number])[] {
    return this.#sorted()
      .filter(([id]) => filter(id))
      .slice(0, limit);
  }

  #shrink(): void {
    const dropped = this.#sorted().slice(capacity);
    for (const [id] of dropped) this.#values.delete(id);
    this.#floor = dropped[0]?.[1] ?? 0;
  }

  #sorted(): [ContextId, number][] {
    return [...this.#values].sort((a, b) => b[1] - a[1]);
  }
}
