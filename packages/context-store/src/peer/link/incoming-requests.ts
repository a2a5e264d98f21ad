import type { NodeId } from '@fastpaca/raft-core';

import { MAX_REASON_CHARS } from '../wire/notes.js';
import { ownBytes } from '../wire/own-bytes.js';
import { Parcel } from '../wire/parcel.js';
import { answerHead } from '../wire/request-body.js';
import type { AnswerStatus, RequestBody } from '../wire/request-body.js';
import type { PeerHandler } from '../peer-network.js';

export interface ServingLimits {
  /** Requests of one peer that are worked on at the same time. */
  readonly maxServing: number;
  /** Bytes of their payloads. */
  readonly maxServingBytes: number;
  readonly maxAnswerBytes: number;
}

interface Serving {
  readonly bytes: number;
  /** On the clock of `performance.now`. */
  readonly endsAt: number;
}

/** Requests of one peer that this node works on. */
export class IncomingRequests {
  readonly #serving = new Map<number, Serving>();
  #bytes = 0;
  #ended = false;

  constructor(
    private readonly from: NodeId,
    private readonly handlers: ReadonlyMap<string, PeerHandler>,
    private readonly limits: ServingLimits,
    /** Sends an answer, or drops it where the peer takes none. */
    private readonly answer: (parcel: Parcel) => void,
  ) {}

  get size(): number {
    return this.#serving.size;
  }

  receive({ id, deadlineMs, method, payload }: RequestBody): void {
    const { maxServing, maxServingBytes } = this.limits;
    const full = this.#bytes > 0 && this.#bytes + payload.length > maxServingBytes;
    if (full || this.#serving.size >= maxServing || this.#serving.has(id)) {
      this.#reply(id, 'overloaded', new Uint8Array(0));
      return;
    }
    const handler = this.handlers.get(method);
    if (handler === undefined) {
      this.#reply(id, 'refused', words(`Nothing handles ${method} here.`));
      return;
    }
    const serving: Serving = { bytes: payload.length, endsAt: performance.now() + deadlineMs };
    this.#serving.set(id, serving);
    this.#bytes += payload.length;
    void this.#serve(id, serving, handler, ownBytes(payload), deadlineMs);
  }

  async #serve(
    id: number,
    serving: Serving,
    handler: PeerHandler,
    payload: Uint8Array,
    deadlineMs: number,
  ): Promise<void> {
    let status: AnswerStatus = 'done';
    let answer: Uint8Array;
    try {
      answer = await handler(payload, this.from, deadlineMs);
      if (answer.length > this.limits.maxAnswerBytes) {
        status = 'refused';
        answer = words(
          `The answer has ${answer.length} bytes, at most ${this.limits.maxAnswerBytes} are sent.`,
        );
      }
    } catch (error) {
      status = 'refused';
      answer = words(error instanceof Error ? error.message : String(error));
    }
    if (this.#release(id, serving)) this.#reply(id, status, answer);
  }

  /** Forgets those for whose answer nobody waits any more. */
  expire(now: number): void {
    for (const [id, serving] of this.#serving) if (serving.endsAt < now) this.#release(id, serving);
  }

  /** The peer is gone. */
  end(): void {
    this.#ended = true;
  }

  #release(id: number, serving: Serving): boolean {
    if (this.#serving.get(id) !== serving) return false;
    this.#serving.delete(id);
    this.#bytes -= serving.bytes;
    return !this.#ended;
  }

  #reply(id: number, status: AnswerStatus, payload: Uint8Array): void {
    this.answer(new Parcel('answer', answerHead(id, status), payload));
  }
}

const words = (text: string): Uint8Array => Buffer.from(text.slice(0, MAX_REASON_CHARS));
