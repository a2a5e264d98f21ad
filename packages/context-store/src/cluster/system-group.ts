import type { NodeId } from '@fastpaca/raft-core';

import { PeerError } from '../peer/peer-error.js';
import type { PeerNetwork } from '../peer/peer-network.js';
import type { Replica } from '../replica/replica.js';
import { isUnhandled } from '../routing/hops.js';
import type { FactsCommand, FactsResult } from './facts.js';
import { decodeFactsResult, encodeFactsCommand, encodeFactsResult } from './facts-codec.js';

const method = 'cluster.propose';

/** Changes of the facts, from any node: they go to whoever leads the system group. */
export class SystemGroup {
  readonly #replica: Pick<Replica, 'proposeFacts' | 'groupStatus' | 'systemGroup' | 'self'>;
  readonly #network: PeerNetwork | null;

  constructor(
    replica: Pick<Replica, 'proposeFacts' | 'groupStatus' | 'systemGroup' | 'self'>,
    network: PeerNetwork | null,
  ) {
    this.#replica = replica;
    this.#network = network;
    network?.handle(method, async (payload, _from, deadlineMs) => {
      const result = await replica.proposeFacts(payload, deadlineMs);
      if (result === 'rejected') throw new Error('The change was not taken.');
      return result === 'unknown' ? new Uint8Array(0) : encodeFactsResult(result);
    });
  }

  get leader(): NodeId | null {
    return this.#replica.groupStatus(this.#replica.systemGroup)?.leader ?? null;
  }

  /** `rejected`: it certainly did not happen, there is no leader; `unknown`: no quorum, or no answer in time. */
  async propose(command: FactsCommand, deadlineMs: number): Promise<FactsResult | 'rejected' | 'unknown'> {
    const { leader } = this;
    const bytes = encodeFactsCommand(command);
    if (leader === this.#replica.self) return this.#replica.proposeFacts(bytes, deadlineMs);
    if (leader === null || this.#network === null) return 'rejected';
    // Every command may be proposed again: it is a compare-and-set, or says the same twice.
    try {
      return (
        decodeFactsResult(await this.#network.request(leader, method, bytes, { deadlineMs })) ?? 'unknown'
      );
    } catch (error) {
      return error instanceof PeerError && isUnhandled(error) ? 'rejected' : 'unknown';
    }
  }
}
