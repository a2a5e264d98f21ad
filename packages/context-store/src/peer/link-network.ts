import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { createRandom } from '@fastpaca/raft-core';
import type { NodeId, Transport } from '@fastpaca/raft-core';

import { formatAddress, parseSeed } from './discovery/address.js';
import { Connector } from './discovery/connector.js';
import { Discovery } from './discovery/discovery.js';
import { systemLookup } from './discovery/seed-resolver.js';
import type { Identity } from './handshake/message.js';
import { LinkTable } from './link/link-table.js';
import type { Arrival } from './link/link-table.js';
import type { LinkEvents, PeerLink } from './link/peer-link.js';
import { defaultPeerLimits, defaultTiming, PROTOCOL_VERSIONS } from './options.js';
import type { PeerEvent, PeerLimits, PeerNetworkOptions, PeerTiming } from './options.js';
import { PeerError } from './peer-error.js';
import type { PeerHandler, PeerNetwork } from './peer-network.js';
import type { AnnouncedState, NetworkStatus, PeerRefusal, PeerStatus } from './peer-status.js';
import { RaftTransport } from './raft-transport.js';
import { RefusalLog } from './refusal-log.js';
import { addressesBody, encodeJson, MAX_DETAIL_BYTES } from './wire/notes.js';
import type { RefusalNote } from './wire/notes.js';

/** The network over websockets. */
export class LinkNetwork implements PeerNetwork {
  readonly self: { readonly id: NodeId; readonly name: string };
  readonly transport: Transport;
  readonly #options: PeerNetworkOptions;
  readonly #timing: PeerTiming;
  readonly #boot: string;
  readonly #raft: RaftTransport;
  readonly #links: LinkTable;
  readonly #connector: Connector;
  readonly #discovery: Discovery;
  readonly #handlers = new Map<string, PeerHandler>();
  readonly #listeners = new Set<() => void>();
  readonly #refusals = new RefusalLog();
  /** Links whose bulk lane is being dialled. */
  readonly #dialling = new Set<PeerLink>();
  #state: AnnouncedState = { clusterId: null, state: 'empty', detail: '' };
  #changed = false;
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  /** @throws PeerOptionsError */
  constructor(options: PeerNetworkOptions) {
    this.#options = options;
    this.self = options.self;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#boot = options.boot ?? randomBytes(16).toString('hex');
    this.#raft = new RaftTransport(() => this.#links);
    this.transport = this.#raft;
    const limits = { ...defaultPeerLimits, ...options.limits };
    this.#links = this.#newTable(limits);
    this.#connector = this.#newConnector(limits);
    this.#discovery = this.#newDiscovery(limits);
  }

  peers(): readonly PeerStatus[] {
    return this.#links.connected().map(({ link, announced }) => ({
      ...announced,
      id: link.peer.id,
      name: link.peer.name,
      address: formatAddress(link.address),
      protocolVersion: link.version,
      connectedSince: link.connectedSince,
    }));
  }

  refusals(): readonly PeerRefusal[] {
    return this.#refusals.list();
  }

  status(): NetworkStatus {
    return {
      peers: this.#links.traffic(),
      addresses: this.#discovery.list(),
      unauthenticated: this.#connector.unauthenticated,
      refused: this.#refusals.total,
    };
  }

  hasLooked(): boolean {
    return this.#discovery.hasLooked() && this.#links.all().every(({ announced }) => announced !== null);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  request(
    to: NodeId,
    method: string,
    payload: Uint8Array,
    { deadlineMs }: { readonly deadlineMs: number },
  ): Promise<Uint8Array> {
    const link = this.#links.get(to);
    if (link !== null) return link.request(method, payload, deadlineMs);
    return Promise.reject(new PeerError('peer_unreachable', `Node ${to} is not connected.`));
  }

  handle(method: string, handler: PeerHandler): void {
    this.#handlers.set(method, handler);
  }

  announce(state: AnnouncedState): void {
    if (Buffer.byteLength(state.detail) > MAX_DETAIL_BYTES) {
      throw new RangeError(`An announcement's detail has at most ${MAX_DETAIL_BYTES} bytes.`);
    }
    this.#state = state;
    this.#refuseStrangers();
    for (const link of this.#links.all()) this.#announceTo(link);
  }

  refuse(id: NodeId, reason: string | null): void {
    this.#links.refuse(id, reason);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#connector.accept(request, socket, head);
  }

  start(): void {
    if (this.#timer !== null || this.#closing !== null) return;
    this.#connector.open();
    this.#timer = setInterval(this.#tick, this.#timing.tickMs);
    this.#tick();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#discovery.close();
    await this.#raft.close();
    for (const link of this.#links.all()) link.leave();
    await this.#connector.close();
  }

  readonly #tick = (): void => {
    this.#links.tick(Math.ceil(this.#timing.silenceMs / this.#timing.tickMs));
    for (const link of this.#links.all()) this.#dialBulk(link);
    this.#raft.tick();
    if (this.#discovery.tick()) this.#gossip();
  };

  #newTable(limits: PeerLimits): LinkTable {
    const settings = { self: this.self.id, limits, handlers: this.#handlers, events: this.#linkEvents() };
    return new LinkTable(() => this.#identity(), settings, this.#timing.forgetMs);
  }

  #newConnector({ maxUnauthenticated }: PeerLimits): Connector {
    const { tls = null, versions = PROTOCOL_VERSIONS, secret } = this.#options;
    return new Connector({
      tls,
      stepMs: this.#timing.stepMs,
      maxUnauthenticated,
      own: { secret: secret === '' ? null : secret, versions, identity: () => this.#identity() },
      admit: (peer, lane, dialled) => this.#links.admit(peer, lane, dialled),
      arrived: (arrival) => {
        this.#arrived(arrival);
      },
      refused: (note, by, address) => {
        this.#refused(note, by, address);
      },
    });
  }

  #newDiscovery({ maxAddresses }: PeerLimits): Discovery {
    const { seeds, lookup = systemLookup, random } = this.#options;
    const { discoveryMs, retryMs, forgetMs } = this.#timing;
    return new Discovery({
      seeds: seeds.map(parseSeed),
      lookup,
      random: random ?? createRandom(randomBytes(4).readUInt32BE()),
      discoveryMs,
      retryMs,
      forgetMs,
      maxAddresses,
      dial: (address) => this.#connector.dial(address, 'control'),
      isConnected: (peer) => this.#links.get(peer) !== null,
      failed: (address, message) => {
        this.#tell({ kind: 'dial_failed', address, message: `No link to ${address}: ${message}` });
      },
    });
  }

  #linkEvents(): LinkEvents {
    return {
      raft: (link, messages) => {
        this.#raft.receive(link.peer.id, messages);
      },
      announced: () => {
        this.#refuseStrangers();
        this.#change();
      },
      addresses: (_link, addresses) => {
        for (const address of addresses) this.#discovery.heardOf(address, null);
      },
      refused: (link, note) => {
        this.#refused(note, 'peer', formatAddress(link.address));
      },
      unreachable: (link) => {
        this.#raft.unreachable(link.peer.id);
      },
      silent: (link) => {
        this.#raft.peerDown(link.peer.id);
      },
      lost: (link, reason) => {
        this.#lost(link, reason);
      },
    };
  }

  #identity(): Identity {
    const { id, name } = this.self;
    const { clusterId, state } = this.#state;
    return { id, name, boot: this.#boot, port: this.#options.port, clusterId, state };
  }

  #arrived(arrival: Arrival): void {
    const known = this.#links.get(arrival.greeting.peer.id);
    const link = this.#links.register(arrival);
    if (link === null || arrival.greeting.lane !== 'control') return;
    const { id, name } = link.peer;
    this.#discovery.heardOf(link.address, id);
    this.#announceTo(link);
    this.#gossip();
    this.#dialBulk(link);
    if (link === known) return;
    const address = formatAddress(link.address);
    this.#tell({ kind: 'peer_up', id, message: `Connected with ${name} (${id}) at ${address}.` });
  }

  #lost(link: PeerLink, reason: string): void {
    const { id, name } = link.peer;
    this.#links.remove(link);
    this.#discovery.lost(id);
    if (!link.isSilent) this.#raft.peerDown(id);
    if (this.#closing !== null) return;
    this.#tell({ kind: 'peer_down', id, message: `Lost ${name} (${id}): ${reason}` });
    this.#change();
  }

  #refused(note: RefusalNote, by: 'self' | 'peer', address: string): void {
    const { code, reason } = note;
    if (code === 'self' || code === 'duplicate') return;
    const refusal: PeerRefusal = { code, address, reason, at: Date.now() };
    if (this.#refusals.add(refusal)) {
      const what = by === 'self' ? `Refused the node at ${address}` : `Refused by the node at ${address}`;
      this.#tell({ kind: 'refused', refusal, message: `${what}: ${reason}` });
    }
    this.#change();
  }

  /** Whoever dialled the control lane dials the bulk lane. */
  #dialBulk(link: PeerLink): void {
    const { control, bulk } = link.lanes;
    const isOurs = control.connection?.dialled === true && bulk.connection === null;
    if (!isOurs || this.#dialling.has(link) || this.#closing !== null) return;
    this.#dialling.add(link);
    void this.#connector.dial(link.address, 'bulk').finally(() => this.#dialling.delete(link));
  }

  #announceTo(link: PeerLink): void {
    link.lanes.control.note('announcement', encodeJson(this.#state));
  }

  /** Tells every peer where the others are, so that any seed leads to all. */
  #gossip(): void {
    const links = this.#links.all();
    for (const link of links) {
      const others = links.filter((other) => other !== link).map(({ address }) => address);
      if (others.length > 0) link.lanes.control.note('addresses', addressesBody(others));
    }
  }

  #refuseStrangers(): void {
    for (const { link, note } of this.#links.strangers()) {
      link.refuse(note);
      this.#refused(note, 'self', formatAddress(link.address));
    }
  }

  #change(): void {
    if (this.#changed) return;
    this.#changed = true;
    setImmediate(() => {
      this.#changed = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #tell(event: PeerEvent): void {
    this.#options.onEvent?.(event);
  }
}
