import type { GroupId, GroupStatus, NodeId, ProposeOutcome, ReadOutcome } from '@fastpaca/raft-core';

import type { ArchiveReader } from '../archive/archive-reader.js';
import type { ClusterView } from '../cluster/cluster-view.js';
import { groupOf } from '../group/group-of.js';
import type { ContextId } from '../context/context-id.js';
import type { PeerNetwork } from '../peer/peer-network.js';
import type { CommandResult } from '../state/change.js';
import type { GroupMachine } from '../state/group-machine.js';
import type { Leaderships } from './leaderships.js';

/** The replicas on this node, as routing uses them. */
export interface LocalReplicas {
  readonly self: NodeId;
  /** Context groups of the whole cluster. */
  readonly groups: number;
  /** What was trimmed from the replicas here, on every node the same; null: no archive. */
  readonly archive: ArchiveReader | null;
  machine(group: GroupId): GroupMachine | null;
  groupStatus(group: GroupId): GroupStatus | null;
  proposeTo(group: GroupId, data: Uint8Array, deadlineMs: number): Promise<ProposeOutcome<CommandResult>>;
  readIndex(group: GroupId, deadlineMs: number): Promise<ReadOutcome>;
}

/** The other nodes, where there may be some. */
export interface RemoteReplicas {
  readonly peers: PeerNetwork;
  readonly view: Pick<ClusterView, 'replicasOf'>;
}

/** Where the replicas of a group are, and which of them this node can reach. */
export class Routes {
  readonly local: LocalReplicas;
  readonly leaderships: Leaderships;
  readonly #remote: RemoteReplicas | null;
  readonly #connected = new Set<NodeId>();
  #turn = 0;

  constructor(local: LocalReplicas, leaderships: Leaderships, remote: RemoteReplicas | null) {
    this.local = local;
    this.leaderships = leaderships;
    this.#remote = remote;
    if (remote === null) return;
    const refresh = (): void => {
      this.#connected.clear();
      for (const { id } of remote.peers.peers()) this.#connected.add(id);
    };
    remote.peers.onChange(refresh);
    refresh();
  }

  groupOf(id: ContextId): GroupId {
    return groupOf(id, this.local.groups);
  }

  isConnected(node: NodeId): boolean {
    return this.#connected.has(node);
  }

  /** Whether some other node may have a replica of the group and can be reached. Cheap. */
  hasOthers(group: GroupId): boolean {
    if (this.#connected.size === 0 || this.#remote === null) return false;
    return this.#remote.view.replicasOf(group).some((node) => this.#connected.has(node));
  }

  /**
   * Connected nodes that should have a replica of the group, another one first each time, so that the work
   * is spread. Where the facts have not arrived here, the leader may be known from elsewhere.
   */
  others(group: GroupId): readonly NodeId[] {
    if (this.#remote === null || this.#connected.size === 0) return [];
    const nodes = new Set(this.#remote.view.replicasOf(group));
    const leader = this.leaderships.of(group)?.node;
    if (leader !== undefined) nodes.add(leader);
    nodes.delete(this.local.self);
    const reachable = [...nodes].filter((node) => this.#connected.has(node));
    this.#turn += 1;
    const first = this.#turn % Math.max(1, reachable.length);
    return [...reachable.slice(first), ...reachable.slice(0, first)];
  }
}
