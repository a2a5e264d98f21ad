import type { GroupTiming } from '../group/options.js';

/** Share of its time that a process may lose beyond a heartbeat interval and still lead. */
const TOLERATED = 0.5;

/**
 * Judges by how late the host's timer fires whether this process can keep time. A leader that cannot
 * sends its heartbeats just often enough to keep others from leading, and serves nobody in time.
 *
 * Delays beyond a heartbeat interval add up as a debt that time pays off, half a millisecond per
 * millisecond: one stall of an election timeout is too much, and so are many shorter ones. Shorter
 * delays than a heartbeat interval are those of a busy process, and cost nothing.
 */
export class LoopMonitor {
  readonly #timing: GroupTiming;
  #debtMs = 0;
  #notedAt: number | null = null;
  #late = false;

  constructor(timing: GroupTiming) {
    this.#timing = timing;
  }

  /** The process cannot keep time: it should lead nothing, until half of the debt is paid off. */
  get late(): boolean {
    return this.#late;
  }

  /** The timer fired at `now`, `lateMs` after it was due. */
  note(now: number, lateMs: number): void {
    const { heartbeatMs, electionTimeoutMs } = this.#timing;
    const paid = (now - (this.#notedAt ?? now)) * TOLERATED;
    this.#notedAt = now;
    this.#debtMs = Math.max(0, this.#debtMs - paid);
    this.#debtMs += lateMs > electionTimeoutMs ? lateMs : Math.max(0, lateMs - heartbeatMs);
    // However long it slept: after an election timeout without a stall it may lead again.
    this.#debtMs = Math.min(this.#debtMs, electionTimeoutMs);
    this.#late = this.#debtMs >= (this.#late ? electionTimeoutMs / 2 : electionTimeoutMs);
  }
}
