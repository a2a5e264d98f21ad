import type { NodeId } from '@fastpaca/raft-core';

import { StoreError } from '../store-error.js';
import type { NodeFact, NodeStanding } from './cluster-view.js';
import type { ClusterFacts } from './facts.js';
import type { Presence } from './presence.js';
import type { SystemGroup } from './system-group.js';

export interface AdminOptions {
  readonly facts: () => ClusterFacts;
  readonly system: SystemGroup;
  readonly presence: Presence;
}

const attempts = 5;

/** What an operator asks of the cluster. From any node. */
export class NodeAdmin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** The node gives its replicas away. Again: nothing happens. @throws StoreError */
  async drain(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'draining', deadlineMs, () => undefined);
  }

  /** A draining node takes replicas again. @throws StoreError */
  async undrain(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'able', deadlineMs, () => undefined);
  }

  /** The node is no longer part of the cluster. Its name is free. @throws StoreError */
  async remove(name: string, deadlineMs: number): Promise<void> {
    await this.#stand(name, 'removed', deadlineMs, (facts, node) => {
      this.#refuseRemoval(facts, node);
    });
  }

  async #stand(
    name: string,
    standing: NodeStanding,
    deadlineMs: number,
    check: (facts: ClusterFacts, node: NodeFact) => void,
  ): Promise<void> {
    const { facts, system } = this.#options;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const before = facts();
      const node = before.nodes.find((each) => each.name === name && each.standing !== 'removed');
      if (node === undefined) {
        throw new StoreError(
          'node_not_found',
          `The cluster has no node ${name}. GET /v1/cluster lists them.`,
        );
      }
      check(before, node);
      const { revision } = before;
      const result = await system.propose({ type: 'stand', revision, node: node.id, standing }, deadlineMs);
      if (result === null) break;
      if (result.outcome === 'done') return;
      if (result.outcome === 'refused') throw new StoreError('unavailable', result.reason ?? 'Refused.');
    }
    throw new StoreError(
      'unavailable',
      'The cluster did not agree in time: its system group has no leader, or much changes. Retry.',
    );
  }

  #refuseRemoval(facts: ClusterFacts, node: NodeFact): void {
    const here = this.#options.presence.members(facts);
    const held = facts.placement.filter((replicas) => replicas.includes(node.id));
    if (here.has(node.id) && (node.standing !== 'draining' || held.length > 0)) {
      const progress =
        node.standing === 'draining'
          ? `It drains and still holds ${held.length} groups: wait until GET /v1/cluster shows none; that takes ` +
            'another node that can hold them.'
          : `Drain it first: POST /v1/cluster/nodes/${node.name}/drain.`;
      throw new StoreError('node_not_drained', `Node ${node.name} is running. ${progress}`);
    }
    const lost = [...held, facts.voters].filter((replicas) => losesQuorum(replicas, node.id, here));
    if (lost.length === 0) return;
    throw new StoreError(
      'quorum_would_be_lost',
      `Without node ${node.name}, ${lost.length} of the groups would have no majority of running replicas. Bring ` +
        'the other nodes back first, or restore this one.',
    );
  }
}

/** Whether the others that run are too few: to agree to the removal, or to go on after it. */
function losesQuorum(replicas: readonly NodeId[], node: NodeId, here: ReadonlySet<NodeId>): boolean {
  if (!replicas.includes(node)) return false;
  const running = replicas.filter((id) => id !== node && here.has(id)).length;
  const majority = (count: number): number => Math.floor(count / 2) + 1;
  return running < majority(replicas.length) || running < majority(replicas.length - 1);
}
