import { encodeFrame } from '@fastpaca/raft-core';
import type { Frame, Lane, Message, NodeId } from '@fastpaca/raft-core';

import { MalformedError } from '../../codec/byte-reader.js';
import type { Address } from '../discovery/address.js';
import type { Identity } from '../handshake/message.js';
import type { Greeting } from '../handshake/shake-hands.js';
import { closeCodes } from '../lane/connection.js';
import type { Connection } from '../lane/connection.js';
import { BEATS_VERSION } from '../options.js';
import type { PeerLimits } from '../options.js';
import { longestTimerMs } from '../../within-deadline.js';
import { PeerError } from '../peer-error.js';
import type { PeerHandler } from '../peer-network.js';
import type { AnnouncedState, PeerTraffic } from '../peer-status.js';
import { Assembler } from '../wire/assembler.js';
import type { AssemblyLimits } from '../wire/assembler.js';
import { refusalBody } from '../wire/notes.js';
import type { GossipedAddress, RefusalNote } from '../wire/notes.js';
import { ownEntries } from '../wire/own-bytes.js';
import type { Parcel } from '../wire/parcel.js';
import { readUnit } from '../wire/read-unit.js';
import type { Unit } from '../wire/read-unit.js';
import { numberBody, WHOLE_BYTES } from '../wire/unit.js';
import type { UnitKind } from '../wire/unit.js';
import { BeatPupil, BeatTeacher } from './beats.js';
import { IncomingRequests } from './incoming-requests.js';
import { LaneEnd } from './lane-end.js';
import type { LaneCounters } from './lane-end.js';
import { OutgoingRequests } from './outgoing-requests.js';
import { sendAbridged, sendRaft } from './raft-frames.js';

/** What the network does with what comes over a link. */
export interface LinkEvents {
  raft(link: PeerLink, messages: readonly Message[]): void;
  announced(link: PeerLink): void;
  addresses(link: PeerLink, addresses: readonly GossipedAddress[]): void;
  refused(link: PeerLink, note: RefusalNote): void;
  /** Nothing comes any more. It may go on, or be lost. */
  silent(link: PeerLink): void;
  /** Once. Nothing is sent or received afterwards. */
  lost(link: PeerLink, reason: string): void;
  /** The peer got frames dropped: what was sent may not have arrived. */
  unreachable(link: PeerLink): void;
}

export interface LinkSettings {
  readonly self: NodeId;
  readonly limits: PeerLimits;
  readonly handlers: ReadonlyMap<string, PeerHandler>;
  readonly counters: Readonly<Record<Lane, LaneCounters>>;
  readonly events: LinkEvents;
}

/** Pings even where others keep the control lane busy, for the round trip; and where the bulk lane is idle. */
const PING_TICKS = 8;
/** How long a connection may be missing that the peer closed for a better one. */
const VACANT_TICKS = 4;
/** A peer that only could not run for a moment keeps its connections. */
const CONTROL_PATIENCE = 3;
/** Whether a peer is there, the control lane tells. The bulk lane may wait behind megabytes on a slow network. */
const BULK_PATIENCE = 10;
const MAX_STREAMS = 4;

/** A peer from its first connection to its loss: two lanes, and what is asked over them. */
export class PeerLink {
  readonly peer: Identity;
  readonly version: number;
  readonly connectedSince = Date.now();
  /** What the peer announced last; null until it did. */
  announced: AnnouncedState | null = null;
  rttMs: number | null = null;
  /** Nothing came for so long that Raft was told that the peer is down. */
  isSilent = false;
  readonly lanes: Readonly<Record<Lane, LaneEnd>>;
  readonly #outgoing: OutgoingRequests;
  readonly #incoming: IncomingRequests;
  readonly #teacher = new BeatTeacher();
  readonly #pupil = new BeatPupil();
  readonly #alive = new Set<(alive: boolean) => void>();
  #ticks = 0;
  #ping = { number: 0, at: 0, answered: true };
  #lost = false;

  constructor(
    { peer, version }: Greeting,
    /** Under which it can be dialled. */
    readonly address: Address,
    private readonly settings: LinkSettings,
  ) {
    const { limits, counters, handlers } = settings;
    this.peer = peer;
    this.version = version;
    const queue = {
      maxRaftBytes: limits.maxRaftBytes,
      maxPayloadBytes: limits.maxQueuedBytes,
      maxPayloads: limits.maxRequests + limits.maxServing,
      maxStreams: MAX_STREAMS,
      maxStreamBytes: 2 * limits.maxPayloadBytes,
    };
    this.lanes = {
      control: new LaneEnd('control', queue, counters.control),
      bulk: new LaneEnd('bulk', queue, counters.bulk),
    };
    this.#outgoing = new OutgoingRequests(peer.name, limits.maxRequests);
    const serving = {
      maxServing: limits.maxServing,
      maxServingBytes: 2 * limits.maxPayloadBytes,
      maxAnswerBytes: limits.maxPayloadBytes,
    };
    this.#incoming = new IncomingRequests(peer.id, handlers, serving, (parcel) => {
      this.#answer(parcel);
    });
  }

  connect(lane: Lane, connection: Connection, early: readonly Buffer[]): void {
    const end = this.lanes[lane];
    const assembler = new Assembler(this.#assemblyLimits());
    const unit = (kind: UnitKind, body: Uint8Array): void => {
      this.#unit(end, assembler, readUnit(kind, body));
    };
    const closed = (reason: string, replaced: boolean): void => {
      if (end.connection !== connection) return;
      if (replaced) end.vacate(VACANT_TICKS);
      else this.#laneLost(end, reason);
    };
    // What was on its way over the connection before may not have arrived.
    if (lane === 'control') this.#teacher.forget();
    end.connect(connection, { unit, closed }, early);
  }

  sendRaft(messages: readonly Message[], lane: Lane): void {
    const end = this.lanes[lane];
    const sent = !this.#lost && end.isOpen && this.#sendOn(end, messages);
    if (!sent) this.settings.events.unreachable(this);
  }

  #sendOn(end: LaneEnd, messages: readonly Message[]): boolean {
    const { self } = this.settings;
    // They let a follower show what is acknowledged already; mostly an append to another group takes them along.
    if (messages.every(({ type }) => type === 'commit_notice')) {
      return end.raftSoon(encodeFrame(self, this.peer.id, messages));
    }
    return end.name === 'control' && this.version >= BEATS_VERSION
      ? sendAbridged(end, self, this.peer.id, messages, this.#teacher)
      : sendRaft(end, self, this.peer.id, messages, end.name);
  }

  request(method: string, payload: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    const { maxPayloadBytes } = this.settings.limits;
    if (payload.length > maxPayloadBytes) {
      const text = `A request has at most ${maxPayloadBytes} bytes, this one has ${payload.length}.`;
      return Promise.reject(new PeerError('peer_refused', text));
    }
    if (!(deadlineMs > 0)) {
      return Promise.reject(new PeerError('peer_unreachable', 'The deadline of the request is over.'));
    }
    const lane = this.#laneFor(payload.length);
    return this.#outgoing.send(lane, method, payload, Math.min(deadlineMs, longestTimerMs));
  }

  /** Whether the peer is still there: resolves with the next word from it, or when it is lost. */
  alive(): Promise<boolean> {
    if (this.#lost) return Promise.resolve(false);
    this.#sendPing();
    return new Promise((resolve) => this.#alive.add(resolve));
  }

  tick(silenceTicks: number): void {
    this.#ticks += 1;
    this.#incoming.expire(performance.now());
    for (const lane of Object.values(this.lanes)) this.#tickLane(lane, silenceTicks);
  }

  /** Tells the peer why, and is lost. */
  refuse(note: RefusalNote): void {
    this.lanes.control.note('refusal', refusalBody(note));
    this.#lose(note.reason, closeCodes.refused);
  }

  /** The node goes. What is short and waits is still sent. */
  leave(): void {
    this.#lose('The node is going.', closeCodes.going);
  }

  /** The peer is known to be gone. */
  lose(reason: string): void {
    this.#lose(reason, closeCodes.going);
  }

  traffic(): PeerTraffic {
    return {
      id: this.peer.id,
      name: this.peer.name,
      lanes: { control: this.lanes.control.traffic(), bulk: this.lanes.bulk.traffic() },
      rttMs: this.rttMs,
      requesting: this.#outgoing.size,
      serving: this.#incoming.size,
    };
  }

  #tickLane(lane: LaneEnd, silenceTicks: number): void {
    if (lane.tick()) {
      this.#laneLost(lane, 'The connection that was to replace it did not come.');
      return;
    }
    const { connection } = lane;
    if (connection === null) return;
    connection.silentTicks += 1;
    connection.quietTicks += 1;
    if (lane.name === 'control') this.#watch(connection.silentTicks > silenceTicks);
    if (connection.silentTicks > silenceTicks * (lane.name === 'bulk' ? BULK_PATIENCE : CONTROL_PATIENCE)) {
      // Counted in ticks, not in time: after a stall of this process what arrived is read first.
      connection.terminate('The peer was silent for too long.');
      this.#laneLost(lane, 'The peer was silent for too long.');
      return;
    }
    // To hear from the peer, and to be heard: what comes back may wait behind megabytes that the peer sends.
    const longest = lane.name === 'bulk' ? PING_TICKS : 1;
    const due = connection.silentTicks > longest || connection.quietTicks > longest;
    if (lane.name === 'bulk') {
      if (due) lane.note('ping', numberBody(0));
    } else if (due || this.#ticks % PING_TICKS === 0) this.#sendPing();
  }

  /** Raft hears of silence at once; the connection has some time yet, and with it what was asked over it. */
  #watch(silent: boolean): void {
    if (silent && !this.isSilent) this.settings.events.silent(this);
    this.isSilent = silent;
  }

  #sendPing(): void {
    // One that is not answered yet keeps its time: a round trip may take longer than the next ping.
    if (this.#ping.answered)
      this.#ping = { number: this.#ping.number + 1, at: performance.now(), answered: false };
    this.lanes.control.note('ping', numberBody(this.#ping.number));
  }

  #pong(number: number): void {
    if (number !== this.#ping.number || this.#ping.answered) return;
    this.#ping.answered = true;
    const sample = performance.now() - this.#ping.at;
    this.rttMs = this.rttMs === null ? sample : this.rttMs * 0.8 + sample * 0.2;
  }

  #unit(lane: LaneEnd, assembler: Assembler, unit: Unit): void {
    if (this.#lost) return;
    if (this.#alive.size > 0) this.#tellAlive(true);
    const { events } = this.settings;
    switch (unit.kind) {
      case 'raft':
        this.#raft(unit.frame);
        return;
      case 'lesson':
        this.#pupil.learn(unit.place, unit.frame.messages);
        this.#raft(unit.frame);
        return;
      case 'again':
        events.raft(this, this.#pupil.recall(unit.again));
        return;
      case 'request':
        this.#incoming.receive(unit.request);
        return;
      case 'answer':
        this.#outgoing.answered(unit.answer);
        return;
      case 'part': {
        const whole = assembler.add(unit.part);
        if (whole !== null) this.#unit(lane, assembler, readUnit(unit.part.kind, whole));
        return;
      }
      case 'cut':
        assembler.drop(unit.number);
        return;
      case 'ping':
        lane.note('pong', numberBody(unit.number));
        return;
      case 'pong':
        if (lane.name === 'control') this.#pong(unit.number);
        return;
      case 'announcement':
        this.announced = unit.state;
        events.announced(this);
        return;
      case 'addresses':
        events.addresses(this, unit.addresses);
        return;
      case 'refusal':
        events.refused(this, unit.note);
        return;
    }
  }

  #raft({ from, to, messages }: Frame): void {
    if (from !== this.peer.id || to !== this.settings.self) {
      throw new MalformedError('A Raft frame of another sender, or for another receiver.');
    }
    this.settings.events.raft(this, ownEntries(messages));
  }

  /** What is long goes beside the snapshots, where there is such a lane. */
  #laneFor(bytes: number): LaneEnd {
    const { control, bulk } = this.lanes;
    return bytes > WHOLE_BYTES / 2 && bulk.connection !== null ? bulk : control;
  }

  #answer(parcel: Parcel): void {
    if (!this.#lost) this.#laneFor(parcel.bytes).send(parcel);
  }

  #laneLost(lane: LaneEnd, reason: string): void {
    if (lane.name === 'control') {
      this.#lose(reason, closeCodes.going);
      return;
    }
    this.#outgoing.lost(lane.name, reason);
    lane.clear();
    this.settings.events.unreachable(this);
  }

  #lose(reason: string, code: number): void {
    if (this.#lost) return;
    this.#lost = true;
    for (const lane of Object.values(this.lanes)) {
      const { connection } = lane;
      connection?.close(code, reason);
      this.#outgoing.lost(lane.name, reason);
      lane.clear();
    }
    this.#incoming.end();
    this.#tellAlive(false);
    this.settings.events.lost(this, reason);
  }

  #tellAlive(alive: boolean): void {
    const waiting = [...this.#alive];
    this.#alive.clear();
    for (const tell of waiting) tell(alive);
  }

  #assemblyLimits(): AssemblyLimits {
    const { maxPayloadBytes } = this.settings.limits;
    // Heads come on top of a payload, and one parcel of Raft goes beside the others.
    const maxParcelBytes = maxPayloadBytes + 1024;
    return { maxParcelBytes, maxBytes: 3 * maxParcelBytes, maxStreams: MAX_STREAMS + 1 };
  }
}
