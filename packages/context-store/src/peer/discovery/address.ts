import { isIPv6 } from 'node:net';

import { PeerOptionsError } from '../options.js';

/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** IPv4 in IPv6 clothes is IPv4: one node is one address. */
export const plainHost = (host: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(host) ? host.slice(7) : host;

/**
 * `host:port` or `[IPv6]:port`.
 * @throws PeerOptionsError
 */
export function parseSeed(text: string): Address {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^\s:/[\]]+)):(?<port>\d{1,5})$/.exec(text.trim());
  const { six, name, port } = match?.groups ?? {};
  const number = Number(port);
  const host = six ?? name;
  const valid = host !== undefined && number >= 1 && number <= 65_535 && (six === undefined || isIPv6(six));
  if (!valid) {
    throw new PeerOptionsError(
      'invalid_seed',
      `FASTPACA_CLUSTER_SEED: ${text} is not host:port. Write each seed like node-1:4000 or [fd00::1]:4000.`,
    );
  }
  return { host, port: number };
}
