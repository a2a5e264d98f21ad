import type { LogIndex, Term } from '../ids.js';
import type { CommittedEntry } from '../state-machine/state-machine.js';
import { Ring } from '../ring.js';
import type { ProposeOutcome } from './outcome.js';

/** A proposal that is in the log of this leader and whose end is not known. */
export interface Pending<Result> {
  readonly index: LogIndex;
  readonly term: Term;
  readonly bytes: number;
  readonly startedAt: number;
  /** When it ends as `unknown`, on the host's clock. */
  deadline: number;
  /** Whether losing leadership brought the deadline forward. */
  orphaned: boolean;
  /** Null once it has ended. */
  resolve: ((outcome: ProposeOutcome<Result>) => void) | null;
}

export type End<Result> = (pending: Pending<Result>, outcome: ProposeOutcome<Result>) => void;

/**
 * The proposals of one group in the order of their indexes, and those of earlier leaderships, whose
 * entries may still be committed by another leader (openraft#2095) or be replaced.
 */
export class Proposals<Result> {
  readonly #queue = new Ring<Pending<Result>>();
  #orphans: Pending<Result>[] = [];
  #earliest = Infinity;

  get size(): number {
    return this.#queue.length + this.#orphans.length;
  }

  /** No deadline is earlier. */
  get earliest(): number {
    return this.#earliest;
  }

  add(pending: Pending<Result>): void {
    this.#queue.push(pending);
    if (pending.deadline < this.#earliest) this.#earliest = pending.deadline;
  }

  /** Ends the proposals whose entries were applied, and those that other entries have replaced. */
  applied(
    entries: readonly CommittedEntry[],
    results: readonly Result[],
    upTo: LogIndex,
    end: End<Result>,
  ): void {
    let at = 0;
    let pending = this.#queue.at(0);
    while (pending !== undefined && pending.index <= upTo) {
      while ((entries[at]?.index ?? Infinity) < pending.index) at += 1;
      endAt(pending, entries[at], results[at], end);
      this.#queue.shift();
      pending = this.#queue.at(0);
    }
    if (this.#orphans.length > 0) this.#orphans = this.#orphans.filter(keepOrphan);

    function keepOrphan(orphan: Pending<Result>): boolean {
      if (orphan.index > upTo) return true;
      const found = entries.findIndex((entry) => entry.index === orphan.index);
      endAt(orphan, entries[found], results[found], end);
      return false;
    }
  }

  /** Leadership is lost: the rest is told within `deadline`, by whoever leads next, or is unknown. */
  orphan(deadline: number): void {
    for (const pending of this.#takeQueue()) {
      if (pending.resolve === null) continue;
      pending.orphaned = pending.deadline > deadline;
      pending.deadline = Math.min(pending.deadline, deadline);
      this.#orphans.push(pending);
    }
    this.#earliest = Math.min(this.#earliest, deadline);
  }

  /** Ends what is past its deadline; called with the shared timer. */
  expire(now: number, end: End<Result>): void {
    if (now < this.#earliest) return;
    this.#earliest = Infinity;
    for (let at = 0; at < this.#queue.length; at += 1) {
      const pending = this.#queue.at(at);
      if (pending !== undefined) this.#expireOne(pending, now, end);
    }
    for (const orphan of this.#orphans) this.#expireOne(orphan, now, end);
    this.#orphans = this.#orphans.filter((orphan) => orphan.resolve !== null);
  }

  /** Takes out everything, to end it in another way. */
  takeAll(): Pending<Result>[] {
    const all = [...this.#orphans, ...this.#takeQueue()];
    this.#orphans = [];
    return all;
  }

  #expireOne(pending: Pending<Result>, now: number, end: End<Result>): void {
    if (pending.resolve === null) return;
    if (now >= pending.deadline) {
      end(pending, { kind: 'unknown', reason: pending.orphaned ? 'leadership_lost' : 'deadline' });
    } else if (pending.deadline < this.#earliest) this.#earliest = pending.deadline;
  }

  #takeQueue(): Pending<Result>[] {
    const queue = this.#queue.slice(0, this.#queue.length);
    this.#queue.clear();
    return queue;
  }
}

/**
 * `entry` is what was applied at the proposal's index, if it was a command. With another term it is
 * another's: by log matching the proposal is committed nowhere, ever.
 */
function endAt<Result>(
  pending: Pending<Result>,
  entry: CommittedEntry | undefined,
  result: Result | undefined,
  end: End<Result>,
): void {
  const { index, term } = pending;
  if (entry?.index === index && entry.term === term) {
    end(pending, { kind: 'committed', index, term, result: result as Result });
  } else end(pending, { kind: 'rejected', reason: 'not_leader', leader: null });
}
