import type { NodeId, Term } from '../../ids.js';
import type { HardState } from '../../log/entry.js';
import { Violation } from './history.js';

/** Who voted for whom, as messages said: one vote per term, and none that its disk does not know. */
export class VotesCast {
  readonly #names: readonly NodeId[];
  readonly #votes = new Map<number, NodeId>();

  constructor(names: readonly NodeId[]) {
    this.#names = names;
  }

  /** A vote leaves `node`, whose disk holds `hardState`. */
  cast(node: number, term: Term, candidate: NodeId, hardState: HardState | undefined): void {
    const name = this.#names[node] ?? '?';
    const key = keyOf(node, term);
    const before = this.#votes.get(key);
    if (before !== undefined && before !== candidate) {
      throw new Violation(
        'one vote per term',
        `${name} votes for ${candidate} in term ${term}, and has voted for ${before}`,
      );
    }
    this.#votes.set(key, candidate);
    const kept =
      hardState !== undefined &&
      (hardState.term > term || (hardState.term === term && hardState.vote === candidate));
    if (!kept)
      throw new Violation(
        'vote before sync',
        `${name} votes for ${candidate} in term ${term}, which its disk does not know`,
      );
  }

  /**
   * The node has lost its disk, and with it every candidacy that had not won: its votes for itself in
   * those terms count for nobody. `won` says which terms it led.
   */
  candidaciesLost(node: number, won: (term: number) => boolean): void {
    const first = keyOf(node, 0 as Term);
    for (const [key, candidate] of this.#votes) {
      const term = key - first;
      const own = candidate === this.#names[node] && term > 0 && term < perNode;
      if (own && !won(term)) this.#votes.delete(key);
    }
  }

  votedFor(voter: NodeId, term: Term): NodeId | undefined {
    return this.#votes.get(keyOf(this.#names.indexOf(voter), term));
  }
}

const perNode = 0x1000000;

function keyOf(node: number, term: Term): number {
  return node * perNode + term;
}
