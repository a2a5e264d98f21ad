import type { NodeId } from '@fastpaca/raft-core';

import { decide, type Decision, type OwnState, type SeenNode } from './formation.js';
import type { NodeRef, Phase } from './phase.js';

/** Where a node keeps its phase: `NodeFile`. */
export interface PhaseFile {
  readonly self: NodeRef;
  readonly revision: number;
  readonly phase: Phase;
  /** Durable when it returns. */
  enter(phase: Phase): void;
}

export type JoinAnswer =
  | { readonly kind: 'taken_in' }
  /** Nothing but an operator helps. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Not now: no answer, or no quorum. */
  | { readonly kind: 'later'; readonly reason: string };

export interface FormationOptions {
  readonly node: PhaseFile;
  /** Nodes that found a new cluster. */
  readonly size: number;
  readonly newClusterId: () => string;
  /** Whether every address at which others may be was tried. */
  readonly hasLooked: () => boolean;
  /** The connected nodes, as they announced themselves last. */
  readonly seen: () => readonly SeenNode[];
  /** The phase is durable: tell the others. */
  readonly announce: () => void;
  /** Asks members of a cluster to take this node in. Never rejects. */
  readonly join: (clusterId: string, via: readonly NodeId[]) => Promise<JoinAnswer>;
  /** Called once the node is a member, also at the start of one that was one before. */
  readonly onMember: () => void;
  /** Told of what `node.enter` throws where nobody calls `step`: once `join` has answered. */
  readonly onFailure: (error: unknown) => void;
}

/** Phases that may follow each other before something is seen anew: promise and withdrawal, at most. */
const maximumSteps = 8;

/**
 * Brings a node into a cluster: decides, makes the phase durable, tells it, decides again. Driven from
 * outside by `step`, after every change of what is seen and now and then; it has no timer of its own.
 */
export class FormationDriver {
  readonly #options: FormationOptions;
  #reason = 'The node looks for its cluster.';
  #refused = false;
  #joining = false;
  #member = false;

  constructor(options: FormationOptions) {
    this.#options = options;
  }

  /** Why the node is no member yet, or not any more; null where it is one. */
  get reason(): string | null {
    return this.#member && !this.#refused ? null : this.#reason;
  }

  /** Whether only an operator can help. */
  get refused(): boolean {
    return this.#refused;
  }

  /** @throws what `node.enter` throws */
  step(): void {
    for (let steps = 0; steps < maximumSteps; steps += 1) {
      const { node, size, newClusterId, hasLooked, seen } = this.#options;
      const { self, revision, phase } = node;
      const own: OwnState = { self, size, revision, phase, hasLooked: hasLooked() };
      if (!this.#act(decide(own, seen(), newClusterId()))) return;
    }
  }

  /** True where it is to decide again. */
  #act(decision: Decision): boolean {
    if (decision.kind !== 'join') this.#refused = decision.kind === 'refuse';
    switch (decision.kind) {
      case 'wait':
      case 'refuse':
        this.#reason = decision.reason;
        if (this.#options.node.phase.kind === 'member') this.#becomeMember();
        return false;
      case 'become':
        this.#enter(decision.phase);
        return true;
      case 'join':
        this.#join(decision.clusterId, decision.via).catch(this.#options.onFailure);
        return false;
      case 'member':
        this.#becomeMember();
        return false;
    }
  }

  #enter(phase: Phase): void {
    this.#options.node.enter(phase);
    this.#options.announce();
  }

  #becomeMember(): void {
    if (this.#member) return;
    this.#member = true;
    this.#options.onMember();
  }

  async #join(clusterId: string, via: readonly NodeId[]): Promise<void> {
    if (this.#joining) return;
    this.#joining = true;
    const answer = await this.#options.join(clusterId, via);
    this.#joining = false;
    if (this.#options.node.phase.kind !== 'empty') return;
    this.#refused = answer.kind === 'refused';
    if (answer.kind === 'taken_in') {
      this.#enter({ kind: 'member', clusterId, founders: null });
      this.step();
    } else this.#reason = answer.reason;
  }
}
