import type { NodeId, Random } from '@fastpaca/raft-core';

import type { VersionRange } from './handshake/message.js';
import type { PeerRefusal } from './peer-status.js';

/** Version 1 is the first, 2 abridges beats. A release speaks its own and the one before. */
export const PROTOCOL_VERSIONS: VersionRange = { min: 1, max: 2 };
/** The first version whose receiver knows the kinds `lesson` and `again`. */
export const BEATS_VERSION = 2;

export interface PeerTls {
  /** PEM. Peers must show a certificate that one of these signed. Default: any certificate passes. */
  readonly ca?: string | Buffer | (string | Buffer)[];
  /** Default: true with `ca`, else false: the secret proves the peer, and the proof is bound to the TLS channel. */
  readonly rejectUnauthorized?: boolean;
}

/** Milliseconds. */
export interface PeerTiming {
  /** Between looks at the links. Default 250. */
  readonly tickMs: number;
  /** Raft is told that a peer is down from which nothing came for so long; after three times that it is lost. Default 1,000. */
  readonly silenceMs: number;
  /** For each step of a handshake, connecting included: a dial into a cut network takes as long. Default 1,500. */
  readonly stepMs: number;
  /** Between resolutions of the seeds. Default 3,000. */
  readonly discoveryMs: number;
  /** The longest pause before a failed address is dialled again, give or take half of it. Default 1,000. */
  readonly retryMs: number;
  /** An address of which nothing was heard for so long is dropped. Default 600,000. */
  readonly forgetMs: number;
}

export interface PeerLimits {
  /** Raft bytes that wait for one peer on one lane; more are dropped. Default 32 MiB. */
  readonly maxRaftBytes: number;
  /** Payload of one request or answer. Default 68 MiB: a page of messages has up to 64 MiB. */
  readonly maxPayloadBytes: number;
  /** Bytes of requests and answers that wait for one peer on one lane. Default 144 MiB. */
  readonly maxQueuedBytes: number;
  /** Requests that wait for the answer of one peer. Default 16,384. */
  readonly maxRequests: number;
  /** Requests of one peer that are worked on at once. Default 8,192. */
  readonly maxServing: number;
  /** Connections that have not proved the secret yet. Default 64. */
  readonly maxUnauthenticated: number;
  /** Addresses that are remembered. Default 256. */
  readonly maxAddresses: number;
}

/** What happened, in words for a log. */
export type PeerEvent =
  | { readonly kind: 'peer_up' | 'peer_down'; readonly id: NodeId; readonly message: string }
  /** The same refusal again is told once a minute. */
  | { readonly kind: 'refused'; readonly refusal: PeerRefusal; readonly message: string }
  /** An address that cannot be reached, once per reason. */
  | { readonly kind: 'dial_failed'; readonly address: string; readonly message: string };

export interface PeerNetworkOptions {
  readonly self: { readonly id: NodeId; readonly name: string };
  /** Shared by all nodes. Without one the node takes no peers, and may have no seeds. */
  readonly secret: string | null;
  /** `host:port`, or `[IPv6]:port`. Every address behind a name is dialled. */
  readonly seeds: readonly string[];
  /** Where this node listens, told to peers. */
  readonly port: number;
  /** Given where the nodes serve TLS: peers are dialled with it. */
  readonly tls?: PeerTls;
  readonly onEvent?: (event: PeerEvent) => void;
  readonly timing?: Partial<PeerTiming>;
  readonly limits?: Partial<PeerLimits>;
  /** Drawn at the start, tells a restart from a copy. For tests. */
  readonly boot?: string;
  /** For tests. */
  readonly versions?: VersionRange;
  /** All addresses of a name. Default: the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  readonly random?: Random;
}

/**
 * - `secret_missing`: seeds without a secret.
 * - `invalid_seed`: not `host:port`.
 * - `invalid_options`: a number that makes no sense.
 */
export type PeerOptionsErrorCode = 'secret_missing' | 'invalid_seed' | 'invalid_options';

/** The node cannot start as it is configured. */
export class PeerOptionsError extends Error {
  override readonly name = 'PeerOptionsError';

  constructor(
    readonly code: PeerOptionsErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const MiB = 1024 * 1024;

export const defaultTiming: PeerTiming = {
  tickMs: 250,
  silenceMs: 1_000,
  stepMs: 1_500,
  discoveryMs: 3_000,
  retryMs: 1_000,
  forgetMs: 600_000,
};

export const defaultPeerLimits: PeerLimits = {
  maxRaftBytes: 32 * MiB,
  maxPayloadBytes: 68 * MiB,
  maxQueuedBytes: 144 * MiB,
  maxRequests: 16_384,
  maxServing: 8_192,
  maxUnauthenticated: 64,
  maxAddresses: 256,
};

/** @throws PeerOptionsError */
export function checkOptions({ secret, seeds, port, timing, limits }: PeerNetworkOptions): void {
  if (seeds.length > 0 && (secret ?? '') === '') {
    throw new PeerOptionsError(
      'secret_missing',
      'FASTPACA_CLUSTER_SEED is set, but no secret is: set FASTPACA_CLUSTER_SECRET (or FASTPACA_API_KEY) to the ' +
        'same value on all nodes.',
    );
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new PeerOptionsError('invalid_options', `The port told to peers is from 1 to 65535, got ${port}.`);
  }
  for (const [name, value] of Object.entries({ ...timing, ...limits })) {
    if (!(value > 0)) throw new PeerOptionsError('invalid_options', `${name} must be above 0, got ${value}.`);
  }
}
