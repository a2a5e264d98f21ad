import type { RefusalNote } from '../wire/notes.js';
import type { Identity, VersionRange } from './message.js';

/** Why a connection is refused, and what to do. Both sides read the same text. */
export const refusals = {
  wrongSecret: (): RefusalNote => ({
    code: 'wrong_secret',
    reason:
      'The two nodes do not share one secret. Set FASTPACA_CLUSTER_SECRET to the same value on all nodes; ' +
      'where it is not set, FASTPACA_API_KEY stands in. Neither may be behind a proxy that ends TLS.',
  }),
  noSecret: (): RefusalNote => ({
    code: 'no_secret',
    reason:
      'A node without a secret takes no peers. Set FASTPACA_CLUSTER_SECRET to the same value on all nodes.',
  }),
  version: (own: VersionRange, other: VersionRange): RefusalNote => ({
    code: 'version',
    reason:
      `The nodes have no version of the link's protocol in common: one speaks ${range(own)}, the other ` +
      `${range(other)}. Upgrade all nodes one release after the other, without leaving out one.`,
  }),
  otherCluster: (own: Identity, peer: Identity): RefusalNote => {
    const [one, other] = own.id < peer.id ? [own, peer] : [peer, own];
    return {
      code: 'other_cluster',
      reason:
        `${one.name} is a member of cluster ${one.clusterId ?? ''}, ${other.name} of ${other.clusterId ?? ''}. Correct ` +
        'FASTPACA_CLUSTER_SEED, or start one of them with an empty data directory to let it join the other.',
    };
  },
  copiedDirectory: (name: string, id: string): RefusalNote => ({
    code: 'copied_directory',
    reason:
      `Two running nodes have the id ${id}, one is ${name}: a data directory was copied. Stop the one that ` +
      'is refused and start it with an empty data directory and a FASTPACA_NODE_NAME of its own.',
  }),
  self: (): RefusalNote => ({ code: 'self', reason: 'This is the node itself.' }),
  duplicate: (): RefusalNote => ({ code: 'duplicate', reason: 'The two nodes are connected already.' }),
};

const range = ({ min, max }: VersionRange): string => (min === max ? `${max}` : `${min} to ${max}`);
