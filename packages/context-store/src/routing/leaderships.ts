import type { GroupId, NodeId, Term } from '@fastpaca/raft-core';

/** Who leads a group, and since which election: a node that is elected again leads in another term. */
export interface Leadership {
  readonly node: NodeId;
  readonly term: Term;
}

export const sameLeadership = (a: Leadership | null, b: Leadership | null): boolean =>
  a?.node === b?.node && a?.term === b?.term;

/**
 * Who leads which group, as far as this node has heard: from its own replicas, which tell at once, and
 * from the answers of other nodes. May be out of date; a node that does not lead refuses, and says who
 * does.
 */
export class Leaderships {
  readonly #known = new Map<GroupId, Leadership>();
  readonly #listeners = new Map<GroupId, Set<() => void>>();

  of(group: GroupId): Leadership | null {
    return this.#known.get(group) ?? null;
  }

  /** News of a leader. Of two, the one of the later term is right: a term has one leader at most. */
  learn(group: GroupId, leadership: Leadership): void {
    const known = this.#known.get(group);
    if (known !== undefined && known.term >= leadership.term) return;
    this.#known.set(group, leadership);
    this.#tell(group);
  }

  /** This node's replica follows nobody in `term`: what was known of that term or before is over. */
  forget(group: GroupId, term: Term): void {
    const known = this.#known.get(group);
    if (known !== undefined && known.term <= term) this.#known.delete(group);
  }

  /** Calls `listener` whenever another leader is known. Returns how to stop. */
  onChange(group: GroupId, listener: () => void): () => void {
    const listeners = this.#listeners.get(group) ?? new Set();
    this.#listeners.set(group, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(group) === listeners) this.#listeners.delete(group);
    };
  }

  /** Resolves when another leader is known, or after `ms`. */
  async changed(group: GroupId, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(end, ms);
      const stop = this.onChange(group, end);
    });
  }

  #tell(group: GroupId): void {
    for (const listener of [...(this.#listeners.get(group) ?? [])]) listener();
  }
}
