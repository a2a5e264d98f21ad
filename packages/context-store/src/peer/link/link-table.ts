import type { Lane, NodeId } from '@fastpaca/raft-core';

import type { Address } from '../discovery/address.js';
import type { Identity } from '../handshake/message.js';
import { refusals } from '../handshake/refusal-texts.js';
import type { Greeting } from '../handshake/shake-hands.js';
import { closeCodes } from '../lane/connection.js';
import type { Connection } from '../lane/connection.js';
import type { AnnouncedState, PeerTraffic } from '../peer-status.js';
import type { RefusalNote } from '../wire/notes.js';
import { newCounters } from './lane-end.js';
import type { LaneCounters } from './lane-end.js';
import { PeerLink } from './peer-link.js';
import type { LinkSettings } from './peer-link.js';

/** A connection whose handshake is over. */
export interface Arrival {
  readonly greeting: Greeting;
  readonly connection: Connection;
  /** Under which the peer can be dialled. */
  readonly address: Address;
  readonly early: readonly Buffer[];
}

interface Known {
  readonly name: string;
  readonly counters: Readonly<Record<Lane, LaneCounters>>;
  goneAt: number | null;
}

/**
 * The links to all peers, one per peer, and who may become one. Where both sides dialled, the connection
 * stays that the node with the lower id dialled: both sides come to the same choice without a word.
 */
export class LinkTable {
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #known = new Map<NodeId, Known>();
  readonly #refused = new Map<NodeId, string>();

  constructor(
    private readonly own: () => Identity,
    private readonly settings: Omit<LinkSettings, 'counters'>,
    private readonly forgetMs: number,
  ) {}

  get(id: NodeId): PeerLink | null {
    return this.#links.get(id) ?? null;
  }

  all(): PeerLink[] {
    return [...this.#links.values()];
  }

  /** Those that have said what they are. */
  connected(): { readonly link: PeerLink; readonly announced: AnnouncedState }[] {
    return this.all().flatMap((link) =>
      link.announced === null ? [] : [{ link, announced: link.announced }],
    );
  }

  /** Why a peer that has proved the secret is not taken, or null. */
  async admit(peer: Identity, lane: Lane, dialled: boolean): Promise<RefusalNote | null> {
    const own = this.own();
    if (peer.id === own.id) {
      return peer.boot === own.boot ? refusals.self() : refusals.copiedDirectory(own.name, own.id);
    }
    const reason = this.#refused.get(peer.id);
    if (reason !== undefined) return { code: 'refused_node', reason };
    if (inOtherCluster(own, peer)) return refusals.otherCluster(own, peer);
    const link = this.#links.get(peer.id);
    if (link === undefined) return null;
    if (link.peer.boot !== peer.boot) {
      // A restart, whose old connection nobody closed, or two that run at once: the old one has to show.
      return (await link.alive()) ? refusals.copiedDirectory(link.peer.name, peer.id) : null;
    }
    const current = link.lanes[lane].connection;
    const keeps = current !== null && dialled && (current.dialled || !this.#prefersOwn(peer.id));
    return keeps ? refusals.duplicate() : null;
  }

  /** Makes the connection part of its link. Null where it is not wanted; it is closed then. */
  register({ greeting, connection, address, early }: Arrival): PeerLink | null {
    const { peer, lane } = greeting;
    let link = this.#links.get(peer.id) ?? null;
    if (link !== null && this.#isOutdated(link, greeting, connection)) {
      link.lose('The peer has connected anew.');
      link = null;
    }
    // A bulk lane comes to a link: its dialler has seen the control lane open.
    const stray = link === null && lane === 'bulk';
    const current = link?.lanes[lane].connection ?? null;
    if (stray || (current !== null && !this.#replaces(current, connection, peer.id))) {
      connection.retire(closeCodes.duplicate, 'The two nodes are connected already.');
      return null;
    }
    link ??= this.#newLink(greeting, address);
    link.connect(lane, connection, early);
    return link;
  }

  remove(link: PeerLink): void {
    if (this.#links.get(link.peer.id) !== link) return;
    this.#links.delete(link.peer.id);
    const known = this.#known.get(link.peer.id);
    if (known !== undefined) known.goneAt = performance.now();
  }

  /** Refuses the node from now on; null takes that back. */
  refuse(id: NodeId, reason: string | null): void {
    if (reason === null) {
      this.#refused.delete(id);
      return;
    }
    this.#refused.set(id, reason);
    this.#links.get(id)?.refuse({ code: 'refused_node', reason });
  }

  /** Peers that turned out to be of another cluster since they were admitted. */
  strangers(): { readonly link: PeerLink; readonly note: RefusalNote }[] {
    const own = this.own();
    return this.connected().flatMap(({ link, announced }) => {
      const peer = { ...link.peer, clusterId: announced.clusterId, state: announced.state };
      return inOtherCluster(own, peer) ? [{ link, note: refusals.otherCluster(own, peer) }] : [];
    });
  }

  tick(silenceTicks: number): void {
    for (const link of this.all()) link.tick(silenceTicks);
    const now = performance.now();
    for (const [id, { goneAt }] of this.#known) {
      if (goneAt !== null && now - goneAt > this.forgetMs) this.#known.delete(id);
    }
  }

  traffic(): PeerTraffic[] {
    return [...this.#known].map(([id, { name, counters }]) => {
      const link = this.#links.get(id);
      if (link !== undefined) return link.traffic();
      const idle = { connected: false, queuedBytes: 0 };
      const lanes = { control: { ...counters.control, ...idle }, bulk: { ...counters.bulk, ...idle } };
      return { id, name, lanes, rttMs: null, requesting: 0, serving: 0 };
    });
  }

  #newLink(greeting: Greeting, address: Address): PeerLink {
    const { id, name } = greeting.peer;
    const counters = this.#known.get(id)?.counters ?? { control: newCounters(), bulk: newCounters() };
    this.#known.set(id, { name, counters, goneAt: null });
    const link = new PeerLink(greeting, address, { ...this.settings, counters });
    this.#links.set(id, link);
    return link;
  }

  /** Whether the peer has given up the link that this node still holds. */
  #isOutdated(link: PeerLink, { peer, lane }: Greeting, connection: Connection): boolean {
    if (link.peer.boot !== peer.boot) return true;
    const current = link.lanes[lane].connection;
    // It would not dial a lane that it has.
    return lane === 'control' && current !== null && !current.dialled && !connection.dialled;
  }

  #replaces(current: Connection, connection: Connection, peer: NodeId): boolean {
    if (current.dialled === connection.dialled) return !connection.dialled;
    return connection.dialled === this.#prefersOwn(peer);
  }

  #prefersOwn(peer: NodeId): boolean {
    return this.own().id < peer;
  }
}

const inOtherCluster = (own: Identity, peer: Identity): boolean =>
  own.state === 'member' && peer.state === 'member' && own.clusterId !== peer.clusterId;
