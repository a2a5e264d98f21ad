import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { PeerNetwork } from '../peer/peer-network.js';
import type { Replica } from '../replica/replica.js';

const method = 'cluster.members';
const deadlineMs = 2_000;

/**
 * Asks the leader of a group whether this node is out of it: one that was away when it was removed does
 * not learn it from the log, which nobody sends it any more.
 */
export class MembersService {
  readonly #network: PeerNetwork | null;

  constructor(replica: Pick<Replica, 'groupStatus'>, network: PeerNetwork | null) {
    this.#network = network;
    network?.handle(method, (payload, from) => {
      const group = Buffer.from(payload).readUInt16BE(0) as GroupId;
      const status = replica.groupStatus(group);
      if (status === null || status.role !== 'leader' || !status.ready || !status.confCommitted) {
        return Promise.resolve(Uint8Array.of(0));
      }
      const { voters, votersOutgoing, learners, learnersNext } = status.conf;
      const member = [...voters, ...votersOutgoing, ...learners, ...learnersNext].includes(from);
      return Promise.resolve(Uint8Array.of(member ? 0 : 1));
    });
  }

  /** True only where the leader, one of `nodes`, says that it is committed. Never rejects. */
  async isOut(group: GroupId, nodes: readonly NodeId[]): Promise<boolean> {
    const network = this.#network;
    if (network === null) return false;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(group);
    const answers = await Promise.all(
      nodes.map((node) => network.request(node, method, payload, { deadlineMs }).catch(() => null)),
    );
    return answers.some((answer) => answer?.[0] === 1);
  }
}
