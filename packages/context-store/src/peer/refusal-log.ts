import type { PeerRefusal } from './peer-status.js';

const MAX_KEPT = 32;
const REPEAT_MS = 60_000;

/** The newest refusals. One that comes again and again is one, and told once a minute. */
export class RefusalLog {
  #kept: PeerRefusal[] = [];
  readonly #toldAt = new Map<string, number>();
  total = 0;

  list(): readonly PeerRefusal[] {
    return this.#kept;
  }

  /** True where it is to be told. */
  add(refusal: PeerRefusal): boolean {
    this.total += 1;
    const key = keyOf(refusal);
    this.#kept = [...this.#kept.filter((other) => keyOf(other) !== key), refusal].slice(-MAX_KEPT);
    const toldAt = this.#toldAt.get(key);
    if (toldAt !== undefined && refusal.at - toldAt < REPEAT_MS) return false;
    this.#toldAt.set(key, refusal.at);
    if (this.#toldAt.size > 2 * MAX_KEPT) this.#forget(refusal.at);
    return true;
  }

  #forget(now: number): void {
    for (const [key, at] of this.#toldAt) if (now - at >= REPEAT_MS) this.#toldAt.delete(key);
    // Where so many come within a minute, some are told twice.
    if (this.#toldAt.size > 2 * MAX_KEPT) this.#toldAt.clear();
  }
}

const keyOf = ({ code, address, reason }: PeerRefusal): string => JSON.stringify([code, address, reason]);
