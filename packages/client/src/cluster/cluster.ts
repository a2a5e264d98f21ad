import type { ClusterAnswer } from '@fastpaca/protocol';
import type { CallOptions } from '../context/append.js';
import type { Http } from '../http/http.js';

export interface ClusterNode {
  readonly name: string;
  readonly id: string;
  /** `host:port`; null where the node is away, and of the node that answers. */
  readonly address: string | null;
  readonly version: string | null;
  readonly standing: 'able' | 'draining';
  readonly live: boolean;
  readonly leaving: boolean;
  /** Groups that should have a replica on it. */
  readonly placed: number;
  /** Groups that have one; null where the node does not answer. */
  readonly replicas: number | null;
  readonly leaders: number | null;
  /** Committed entries that it has not confirmed. */
  readonly lag: number;
  readonly pendingMoves: number | null;
}

/** How a cluster is, as one node sees it. */
export interface ClusterStatus {
  readonly clusterId: string | null;
  readonly revision: number;
  /** The node that answered. */
  readonly self: string;
  readonly coordinator: string | null;
  /** Why that node is not ready; null where it is. */
  readonly reason: string | null;
  readonly nodes: readonly ClusterNode[];
  readonly groups: {
    readonly total: number;
    readonly withoutLeader: number;
    readonly underReplicated: number;
    readonly moving: number;
  };
  /** Nodes that could not connect and why, newest last. */
  readonly refusals: readonly {
    readonly address: string;
    readonly code: string;
    readonly reason: string;
    readonly at: string;
  }[];
}

/** The nodes of the store. */
export class Cluster {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  async status({ signal }: CallOptions = {}): Promise<ClusterStatus> {
    const call = { method: 'GET', path: '/v1/cluster', repetition: 'read', signal } as const;
    return toStatus((await this.http.json(call)) as ClusterAnswer);
  }

  /** A node gives its replicas to others, and serves meanwhile. @throws NotFoundError */
  drain(name: string, options: CallOptions = {}): Promise<ClusterStatus> {
    return this.change('POST', `${nodePath(name)}/drain`, options);
  }

  /** Takes a drain back. @throws NotFoundError */
  undrain(name: string, options: CallOptions = {}): Promise<ClusterStatus> {
    return this.change('DELETE', `${nodePath(name)}/drain`, options);
  }

  /** Removes a node that is drained, or dead. @throws NotFoundError */
  async remove(name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.http.json({ method: 'DELETE', path: nodePath(name), repetition: 'once', signal });
  }

  private async change(
    method: 'POST' | 'DELETE',
    path: string,
    { signal }: CallOptions,
  ): Promise<ClusterStatus> {
    return toStatus(
      (await this.http.json({ method, path, repetition: 'repeatable', signal })) as ClusterAnswer,
    );
  }
}

const nodePath = (name: string): string => `/v1/cluster/nodes/${encodeURIComponent(name)}`;

const toStatus = (answer: ClusterAnswer): ClusterStatus => ({
  clusterId: answer.cluster_id,
  revision: answer.revision,
  self: answer.self,
  coordinator: answer.coordinator,
  reason: answer.reason,
  nodes: answer.nodes.map(({ pending_moves, ...node }) => ({ ...node, pendingMoves: pending_moves })),
  groups: {
    total: answer.groups.total,
    withoutLeader: answer.groups.without_leader,
    underReplicated: answer.groups.under_replicated,
    moving: answer.groups.moving,
  },
  refusals: answer.refusals,
});
