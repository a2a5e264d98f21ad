import type { Lane } from '@fastpaca/raft-core';

import type { Connection, ConnectionCounters, ConnectionEvents } from '../lane/connection.js';
import { closeCodes } from '../lane/connection.js';
import { LaneQueue } from '../lane/lane-queue.js';
import type { NoteKind, QueueLimits } from '../lane/lane-queue.js';
import type { LaneTraffic } from '../peer-status.js';
import type { RaftKind } from '../wire/unit.js';
import type { Parcel } from '../wire/parcel.js';
import type { RequestLane } from './outgoing-requests.js';

export interface LaneCounters extends ConnectionCounters {
  dropped: number;
  connects: number;
}

export const newCounters = (): LaneCounters => ({
  sentBytes: 0,
  receivedBytes: 0,
  sentFrames: 0,
  receivedFrames: 0,
  dropped: 0,
  connects: 0,
});

/**
 * This node's end of one lane to a peer: what waits, and the connection that takes it. Both sides may
 * have dialled; then the two ends agree on one connection, and the queue goes on with that.
 */
export class LaneEnd implements RequestLane {
  readonly queue: LaneQueue;
  #connection: Connection | null = null;
  /** Ticks without a connection though the peer said that it has another one. */
  #vacantTicks = 0;

  constructor(
    readonly name: Lane,
    limits: QueueLimits,
    readonly counters: LaneCounters,
  ) {
    this.queue = new LaneQueue(limits);
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  get isOpen(): boolean {
    return this.#connection !== null || this.#vacantTicks > 0;
  }

  connect(connection: Connection, events: ConnectionEvents, early: readonly Buffer[]): void {
    this.#connection?.retire(closeCodes.duplicate, 'The two nodes are connected twice.');
    this.queue.restart();
    this.#connection = connection;
    this.#vacantTicks = 0;
    this.counters.connects += 1;
    connection.open(this.queue, this.counters, events, early);
    if (!this.queue.isEmpty) connection.flushAfterTurn();
  }

  /** The peer closed the current connection for another one, which is about to show. */
  vacate(ticks: number): void {
    this.#connection = null;
    this.#vacantTicks = ticks;
  }

  /** Nothing of what waits is sent. */
  clear(): void {
    this.#connection = null;
    this.#vacantTicks = 0;
    this.queue.clear();
  }

  /** True once the lane has been without its connection for too long. */
  tick(): boolean {
    if (this.#vacantTicks === 0) return false;
    this.#vacantTicks -= 1;
    return this.#vacantTicks === 0;
  }

  raft(frame: Uint8Array, inOrder: boolean, kind: RaftKind = 'raft'): boolean {
    const taken = this.#take(frame, inOrder, kind);
    if (taken) this.#connection?.flushAfterTurn();
    return taken;
  }

  /** The same for messages that nobody waits for. */
  raftSoon(frame: Uint8Array): boolean {
    const taken = this.#take(frame, false, 'raft');
    if (taken) this.#connection?.flushSoon();
    return taken;
  }

  #take(frame: Uint8Array, inOrder: boolean, kind: RaftKind): boolean {
    const taken = this.isOpen && this.queue.raft(frame, inOrder, kind);
    if (!taken) this.counters.dropped += 1;
    return taken;
  }

  send(parcel: Parcel): boolean {
    const taken = this.isOpen && this.queue.payload(parcel);
    if (taken) this.#connection?.flushAfterLoop();
    return taken;
  }

  withdraw(parcel: Parcel): boolean {
    return this.queue.withdraw(parcel);
  }

  note(kind: NoteKind, body: Uint8Array): void {
    if (!this.isOpen) return;
    this.queue.note(kind, body);
    this.#connection?.flushAfterTurn();
  }

  traffic(): LaneTraffic {
    const queuedBytes = this.queue.bytes + (this.#connection?.bufferedBytes ?? 0);
    return { connected: this.#connection !== null, ...this.counters, queuedBytes };
  }
}
