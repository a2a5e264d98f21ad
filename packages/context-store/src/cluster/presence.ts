import type { NodeId } from '@fastpaca/raft-core';

import type { PeerNetwork } from '../peer/peer-network.js';
import type { PeerStatus } from '../peer/peer-status.js';
import type { Presence as PresenceOf } from '../placement/plan-placement.js';
import { announced, type Announcement } from './announcement.js';
import type { ClusterFacts } from './facts.js';
import { byName, type SeenNode } from './formation.js';
import type { NodeRef } from './phase.js';

export interface ConnectedNode extends Announcement, SeenNode {
  readonly peer: PeerStatus;
}

/** Which nodes are here, and since when others are not, as this node sees it. */
export class Presence {
  readonly #self: NodeRef;
  readonly #network: PeerNetwork | null;
  readonly #now: () => number;
  readonly #awaySince = new Map<NodeId, number>();
  #leaving = false;
  /** What was announced last, by what it was read from: a frame is parsed once. */
  #parsed = new Map<NodeId, { readonly detail: string; readonly node: ReturnType<typeof announced> }>();

  constructor(self: NodeRef, network: PeerNetwork | null, now: () => number) {
    this.#self = self;
    this.#network = network;
    this.#now = now;
  }

  /** Whether this node is about to stop. */
  get leaving(): boolean {
    return this.#leaving;
  }

  leave(): void {
    this.#leaving = true;
  }

  connected(): readonly ConnectedNode[] {
    const before = this.#parsed;
    this.#parsed = new Map();
    return (this.#network?.peers() ?? []).flatMap((peer) => {
      const known = before.get(peer.id);
      const node = known?.detail === peer.detail ? known.node : announced(peer);
      this.#parsed.set(peer.id, { detail: peer.detail, node });
      return node === null ? [] : [{ ...node, peer }];
    });
  }

  /** Nodes of the cluster that are here, this one among them. */
  members(facts: ClusterFacts): ReadonlySet<NodeId> {
    const here = this.connected().filter(
      ({ phase }) => phase.kind === 'member' && phase.clusterId === facts.clusterId,
    );
    const ids = new Set([this.#self.id, ...here.map(({ id }) => id)]);
    return new Set(
      facts.nodes.flatMap(({ id, standing }) => (standing === 'removed' || !ids.has(id) ? [] : [id])),
    );
  }

  /** Nodes that are here, stay, and take replicas and leaderships. */
  able(facts: ClusterFacts): ReadonlySet<NodeId> {
    const leaving = new Set(this.connected().flatMap(({ id, leaving: goes }) => (goes ? [id] : [])));
    if (this.#leaving) leaving.add(this.#self.id);
    const here = this.members(facts);
    return new Set(
      facts.nodes.flatMap(({ id, standing }) =>
        standing === 'able' && here.has(id) && !leaving.has(id) ? [id] : [],
      ),
    );
  }

  /** Who proposes changes of the facts: the able node of the lowest name. Null where there is none. */
  coordinator(facts: ClusterFacts): NodeRef | null {
    const able = this.able(facts);
    const [lowest] = facts.nodes.filter(({ id }) => able.has(id)).sort(byName);
    return lowest ?? null;
  }

  /** Every node of the cluster: here, away, or away for longer than the grace period. */
  presence(facts: ClusterFacts, graceMs: number): ReadonlyMap<NodeId, PresenceOf> {
    const here = this.members(facts);
    const now = this.#now();
    return new Map(
      facts.nodes.map(({ id }) => {
        if (here.has(id)) {
          this.#awaySince.delete(id);
          return [id, 'here'];
        }
        const since = this.#awaySince.get(id) ?? now;
        this.#awaySince.set(id, since);
        return [id, now - since >= graceMs ? 'gone' : 'away'];
      }),
    );
  }
}
