import { LinkNetwork } from './link-network.js';
import { checkOptions } from './options.js';
import type { PeerNetworkOptions } from './options.js';
import type { PeerNetwork } from './peer-network.js';

/**
 * The links of this node to the others: websockets on the public port at `/internal/cluster`, which both
 * sides prove the shared secret on. Nothing is dialled or accepted before `start`.
 *
 * @example
 * ```ts
 * const network = openPeerNetwork({ self, secret, seeds: ['node-2:4000'], port: 4000 });
 * server.on('upgrade', (request, socket, head) => network.accept(request, socket, head));
 * network.announce({ clusterId: null, state: 'empty', detail: '' });
 * network.start();
 * ```
 *
 * @throws PeerOptionsError where seeds are given without a secret, or one is not `host:port`.
 */
export function openPeerNetwork(options: PeerNetworkOptions): PeerNetwork {
  checkOptions(options);
  return new LinkNetwork(options);
}
