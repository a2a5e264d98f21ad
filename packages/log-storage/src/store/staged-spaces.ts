import type { KeySpace } from '../key-space/key-space.js';
import type { StagedDelay } from './options.js';

/** A range read goes over all that is staged of its key space: with so many changes it goes with the next write. */
const maxStagedKeys = 256;

/**
 * The key spaces that hold staged changes, and which of them the next write takes. What waits a little is
 * written once, however often it changes meanwhile, and leaves the synced batch to what is waited for.
 */
export class StagedSpaces {
  readonly #delay: StagedDelay;
  /** Since when each holds something: the oldest first, as a map keeps the order of insertion. */
  readonly #since = new Map<KeySpace, number>();
  readonly #full = new Set<KeySpace>();
  #bytes = 0;

  constructor(delay: StagedDelay) {
    this.#delay = delay;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `bytes` more are staged in `space`, or fewer. */
  staged(space: KeySpace, bytes: number): void {
    this.#bytes += bytes;
    if (!this.#since.has(space)) this.#since.set(space, performance.now());
    if (space.stagedKeys >= maxStagedKeys) this.#full.add(space);
  }

  /** A batch is about to take what `space` holds. */
  taken(space: KeySpace): void {
    this.#bytes -= space.stagedBytes;
    this.#since.delete(space);
    this.#full.delete(space);
  }

  all(): KeySpace[] {
    return [...this.#since.keys()];
  }

  /** Those that waited long enough, hold much, or are in the way of the limit on bytes; and `others`. */
  due(others: Iterable<KeySpace>): KeySpace[] {
    const due = new Set(this.#full);
    for (const space of others) if (this.#since.has(space)) due.add(space);
    const before = performance.now() - this.#delay.ms;
    let left = this.#bytes;
    for (const [space, since] of this.#since) {
      if (since > before && left <= this.#delay.bytes) break;
      left -= space.stagedBytes;
      due.add(space);
    }
    return [...due];
  }
}
