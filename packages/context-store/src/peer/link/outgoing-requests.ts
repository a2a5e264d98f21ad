import type { Lane } from '@fastpaca/raft-core';

import { PeerError } from '../peer-error.js';
import { Parcel } from '../wire/parcel.js';
import { requestHead } from '../wire/request-body.js';
import type { AnswerBody } from '../wire/request-body.js';

/** The lane that a request was put on. */
export interface RequestLane {
  readonly name: Lane;
  /** False where its queue is full. */
  send(parcel: Parcel): boolean;
  withdraw(parcel: Parcel): boolean;
}

interface Waiting {
  readonly lane: RequestLane;
  readonly parcel: Parcel;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: PeerError) => void;
}

const MAX_ID = 0xffff_ffff;

/** Requests of this node to one peer that wait for their answer. */
export class OutgoingRequests {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(
    private readonly peerName: string,
    private readonly maxWaiting: number,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  send(lane: RequestLane, method: string, payload: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    if (this.#waiting.size >= this.maxWaiting) return Promise.reject(this.#overloaded());
    const id = this.#newId();
    const head = requestHead({ id, deadlineMs: Math.ceil(deadlineMs), method });
    const parcel = new Parcel('request', head, payload);
    if (!lane.send(parcel)) return Promise.reject(this.#overloaded());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#expired(id, method, deadlineMs);
      }, deadlineMs);
      this.#waiting.set(id, { lane, parcel, timer, resolve, reject });
    });
  }

  answered({ id, status, payload }: AnswerBody): void {
    // Unknown where its deadline passed: nobody waits any more.
    const waiting = this.#take(id);
    if (waiting === null) return;
    switch (status) {
      case 'done':
        waiting.resolve(payload);
        return;
      case 'overloaded':
        waiting.reject(this.#overloaded());
        return;
      case 'refused':
        waiting.reject(new PeerError('peer_refused', Buffer.from(payload).toString()));
        return;
    }
  }

  /** The connection broke: what it carried may have arrived. */
  lost(lane: Lane, reason: string): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.lane.name !== lane) continue;
      this.#take(id);
      const handed = !waiting.lane.withdraw(waiting.parcel);
      waiting.reject(
        handed
          ? new PeerError(
              'peer_lost',
              `The connection to ${this.peerName} broke before the answer: ${reason}`,
            )
          : new PeerError('peer_unreachable', `The connection to ${this.peerName} broke: ${reason}`),
      );
    }
  }

  #expired(id: number, method: string, deadlineMs: number): void {
    const waiting = this.#take(id);
    if (waiting === null) return;
    const unsent = waiting.lane.withdraw(waiting.parcel);
    waiting.reject(
      unsent
        ? this.#overloaded()
        : new PeerError('peer_timeout', `${this.peerName} did not answer ${method} within ${deadlineMs} ms.`),
    );
  }

  #take(id: number): Waiting | null {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return null;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }

  #newId(): number {
    do this.#lastId = this.#lastId >= MAX_ID ? 1 : this.#lastId + 1;
    while (this.#waiting.has(this.#lastId));
    return this.#lastId;
  }

  #overloaded(): PeerError {
    return new PeerError('peer_overloaded', `Too many requests wait for ${this.peerName}. Try again later.`);
  }
}
