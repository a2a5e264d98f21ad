import type { ParcelKind } from './unit.js';

/** Something to send that may be longer than a unit: it is not copied before it leaves. */
export class Parcel {
  /** Bytes handed to the socket. */
  sent = 0;
  /** Given with the first part; 0 where it travels whole. */
  stream = 0;
  /** Whether all of it was handed to the socket: from here on it may have arrived. */
  handed = false;
  #withdrawn = false;
  #head: Uint8Array;
  #body: Uint8Array;

  constructor(
    readonly kind: ParcelKind,
    head: Uint8Array,
    body: Uint8Array,
  ) {
    this.#head = head;
    this.#body = body;
    this.bytes = head.length + body.length;
  }

  readonly bytes: number;

  get withdrawn(): boolean {
    return this.#withdrawn;
  }

  /** Not to be sent any more; what it holds is let go at once. */
  withdraw(): void {
    this.#withdrawn = true;
    this.#release();
  }

  /** Hands over the next `bytes` of head and body, as up to two slices. */
  next(bytes: number, write: (slice: Uint8Array) => void): void {
    const from = this.sent;
    const to = from + bytes;
    const headEnd = this.#head.length;
    if (from < headEnd) write(this.#head.subarray(from, Math.min(to, headEnd)));
    if (to > headEnd) write(this.#body.subarray(Math.max(0, from - headEnd), to - headEnd));
    this.sent = to;
    if (to === this.bytes) {
      this.handed = true;
      this.#release();
    }
  }

  /** The connection is another: from the start again. */
  restart(): void {
    this.sent = 0;
    this.stream = 0;
  }

  #release(): void {
    this.#head = nothing;
    this.#body = nothing;
  }
}

export const nothing = new Uint8Array(0);
