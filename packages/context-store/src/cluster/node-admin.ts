import { setTimeout as delay } from 'node:timers/promises';

import type { NodeId } from '@fastpaca/raft-core';

import { StoreError } from '../store-error.js';
import type { NodeFact, NodeStanding } from './cluster-view.js';
import type { ClusterFacts } from './facts.js';
import type { NodeReport } from './node-report.js';
import type { Presence } from './presence.js';
import { objectionTo } from './removal.js';
import type { SystemGroup } from './system-group.js';

export interface AdminOptions {
  readonly facts: () => ClusterFacts;
  readonly system: Pick<SystemGroup, 'propose'>;
  readonly presence: Presence;
  /** What the nodes that are here say of themselves. */
  readonly reports: (deadlineMs: number) => Promise<ReadonlyMap<NodeId, NodeReport>>;
}

type Check = (facts: ClusterFacts, node: NodeFact, leftMs: number) => Promise<StoreError | null>;

/** Before another try. */
const pauseMs = 50;
const reportDeadlineMs = 1_000;

/** What an operator asks of the cluster. From any node. */
export class NodeAdmin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** The node gives its replicas away. Again: nothing happens. @throws StoreError */
  async drain(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'draining', deadlineMs);
  }

  /** A draining node takes replicas again. @throws StoreError */
  async undrain(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'able', deadlineMs);
  }

  /** The node is no longer part of the cluster. Its name is free. @throws StoreError */
  async remove(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'removed', deadlineMs, (facts, node, leftMs) =>
      this.#whyNotRemoved(facts, node, leftMs),
    );
  }

  /** Tries until the time is over: a leader may be elected meanwhile, and facts change. */
  async #stand(
    name: string,
    standing: NodeStanding,
    deadlineMs: number,
    check: Check = () => Promise.resolve(null),
  ): Promise<void> {
    const end = performance.now() + deadlineMs;
    const leftMs = (): number => end - performance.now();
    let proposed: NodeId | null = null;
    let inDoubt = false;
    let failure = new StoreError(
      'unavailable',
      'The cluster did not agree in time: its system group has no leader, or much changes. Retry.',
    );
    for (; leftMs() > 0; await delay(pauseMs)) {
      const facts = this.#options.facts();
      // A try without an answer may have done it.
      if (proposed !== null && standingOf(facts, proposed) === standing) return;
      const node = facts.nodes.find((each) => each.name === name && each.standing !== 'removed');
      if (facts.clusterId === null) {
        throw new StoreError('unavailable', 'This node is not part of a cluster yet. Ask another one.');
      }
      if (node === undefined) {
        throw new StoreError(
          'node_not_found',
          `The cluster has no node ${name}. GET /v1/cluster lists them.`,
        );
      }
      const objection = await check(facts, node, leftMs());
      if (objection !== null) {
        failure = objection;
        continue;
      }
      proposed = node.id;
      const result = await this.#options.system.propose(
        { type: 'stand', revision: facts.revision, node: node.id, standing },
        Math.max(1, leftMs()),
      );
      if (result === 'unknown') inDoubt = true;
      if (typeof result === 'string') continue;
      if (result.outcome === 'done') return;
      if (result.outcome === 'refused') throw new StoreError('unavailable', result.reason ?? 'Refused.');
    }
    if (!inDoubt) throw failure;
    throw new StoreError(
      'outcome_unknown',
      `The change of node ${name} may or may not have happened. GET /v1/cluster shows it; it may be repeated.`,
    );
  }

  /** An objection that may pass is returned; one that stays is thrown. */
  async #whyNotRemoved(facts: ClusterFacts, node: NodeFact, leftMs: number): Promise<StoreError | null> {
    const { presence, reports: collect } = this.#options;
    const reports = await collect(Math.min(reportDeadlineMs, leftMs));
    const objection = objectionTo({ facts, node, here: presence.members(facts), reports });
    if (objection === null) return null;
    const error = new StoreError(objection.code, objection.message);
    if (!objection.passing) throw error;
    return error;
  }
}

const standingOf = (facts: ClusterFacts, id: NodeId): NodeStanding | null =>
  facts.nodes.find((node) => node.id === id)?.standing ?? null;
