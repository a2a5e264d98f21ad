import type { NodeId } from '@fastpaca/raft-core';
import { z } from 'zod';

import type { PeerNetwork } from '../peer/peer-network.js';
import { decode, decodeFactsResult, encodeFactsResult } from './facts-codec.js';
import type { JoinAnswer } from './formation-driver.js';
import type { NodeFile } from './node-file.js';
import { nodeRefSchema } from './node-schemas.js';
import type { SystemGroup } from './system-group.js';

const method = 'cluster.join';
const deadlineMs = 5_000;

const requestSchema = z.object({ node: nodeRefSchema, groups: z.int().min(1) });
const later: JoinAnswer = {
  kind: 'later',
  reason: 'The node asks its cluster to take it in, which takes a majority of the nodes that are in it.',
};

/** How an empty node asks members to take it in, and how a member answers. */
export class JoinService {
  readonly #node: NodeFile;
  readonly #network: PeerNetwork | null;

  constructor(node: NodeFile, system: SystemGroup, network: PeerNetwork | null) {
    this.#node = node;
    this.#network = network;
    network?.handle(method, async (payload, from) => {
      const request = decode(requestSchema, payload);
      // A node asks for itself only.
      if (request === null || request.node.id !== from) throw new Error('The request to join is malformed.');
      const result = await system.propose({ type: 'join', ...request }, deadlineMs);
      return typeof result === 'string' ? new Uint8Array(0) : encodeFactsResult(result);
    });
  }

  /** Asks one member after the other. Never rejects. */
  async ask(clusterId: string, via: readonly NodeId[]): Promise<JoinAnswer> {
    const { self, groups } = this.#node;
    const request = Buffer.from(JSON.stringify({ node: self, groups }));
    for (const member of via) {
      const answer = await this.#network?.request(member, method, request, { deadlineMs }).catch(() => null);
      const result = answer === null || answer === undefined ? null : decodeFactsResult(answer);
      if (result === null) continue;
      if (result.outcome === 'done') return { kind: 'taken_in' };
      if (result.outcome === 'refused') return { kind: 'refused', reason: result.reason ?? clusterId };
    }
    return later;
  }
}
