import type { Lane, NodeId } from '@fastpaca/raft-core';

/** What a node tells its peers of itself, in the handshake and whenever it changes. */
export interface AnnouncedState {
  readonly clusterId: string | null;
  /** Two members of different clusters refuse each other. */
  readonly state: 'empty' | 'member';
  /** Opaque to the link: at most 16 KiB of UTF-8. */
  readonly detail: string;
}

/** A connected peer with what it announced last. */
export interface PeerStatus extends AnnouncedState {
  readonly id: NodeId;
  readonly name: string;
  /** As this node sees it: `host:port`, with the port that the peer listens on. */
  readonly address: string;
  readonly protocolVersion: number;
  /** Milliseconds since 1970. */
  readonly connectedSince: number;
}

/**
 * - `wrong_secret`: the other side could not prove the shared secret.
 * - `no_secret`: a node without a secret takes no peers.
 * - `other_cluster`: two members of different clusters.
 * - `copied_directory`: two running nodes have the same id.
 * - `version`: no protocol version in common.
 * - `refused_node`: this node was told to refuse that one, see `PeerNetwork.refuse`.
 */
export type PeerRefusalCode =
  'wrong_secret' | 'no_secret' | 'other_cluster' | 'copied_directory' | 'version' | 'refused_node';

/** A connection that was refused, by this node or by the other, in words that say what to do. */
export interface PeerRefusal {
  readonly code: PeerRefusalCode;
  readonly address: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Counters of one lane to one peer, since this node first connected to it. */
export interface LaneTraffic {
  readonly connected: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Websocket messages: one carries what a turn had to send. */
  readonly sentFrames: number;
  readonly receivedFrames: number;
  /** Raft frames that found the queue full or the lane closed. */
  readonly dropped: number;
  /** Waiting to be taken by the peer's socket. */
  readonly queuedBytes: number;
  /** Times the lane was connected. */
  readonly connects: number;
}

export interface PeerTraffic {
  readonly id: NodeId;
  readonly name: string;
  readonly lanes: Readonly<Record<Lane, LaneTraffic>>;
  /** Smoothed round trip in milliseconds; null before the first answer. */
  readonly rttMs: number | null;
  /** Requests to the peer that wait for their answer. */
  readonly requesting: number;
  /** Requests of the peer that this node works on. */
  readonly serving: number;
}

/** An address that this node dials, or found to be its own. */
export interface DialledAddress {
  readonly address: string;
  readonly state: 'self' | 'connected' | 'failing' | 'dialling';
  /** Why the last try failed. */
  readonly error: string | null;
}

export interface NetworkStatus {
  /** Connected ones, and those that were within the last minutes. */
  readonly peers: readonly PeerTraffic[];
  readonly addresses: readonly DialledAddress[];
  /** Connections that have not proved the secret yet. */
  readonly unauthenticated: number;
  /** Since the start, by either side. */
  readonly refused: number;
}
