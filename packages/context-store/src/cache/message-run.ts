import { weightOf, type LogMessage } from '../message/log-message.js';

/** A contiguous run of a context's newest messages, in memory. Grows at both ends. */
export class MessageRun {
  #messages: LogMessage[] = [];
  #fromSeq: number;
  #weight = 0;

  /** An empty run before the message `nextSeq`. */
  constructor(nextSeq: number) {
    this.#fromSeq = nextSeq;
  }

  get fromSeq(): number {
    return this.#fromSeq;
  }

  /** The seq after the last one. */
  get nextSeq(): number {
    return this.#fromSeq + this.#messages.length;
  }

  /** Bytes of memory, roughly. */
  get weight(): number {
    return this.#weight;
  }

  at(seq: number): LogMessage | undefined {
    return this.#messages[seq - this.#fromSeq];
  }

  /** The messages from `fromSeq` on. */
  since(fromSeq: number): readonly LogMessage[] {
    return this.#messages.slice(Math.max(0, fromSeq - this.#fromSeq));
  }

  push(message: LogMessage): void {
    if (message.seq !== this.nextSeq) {
      throw new Error(`Message ${message.seq} does not follow a run that ends before ${this.nextSeq}.`);
    }
    this.#messages.push(message);
    this.#weight += weightOf(message);
  }

  prepend(messages: readonly LogMessage[]): void {
    const last = messages.at(-1);
    if (last === undefined) return;
    if (last.seq !== this.#fromSeq - 1) {
      throw new Error(`Message ${last.seq} does not precede a run that begins with ${this.#fromSeq}.`);
    }
    this.#messages = [...messages, ...this.#messages];
    this.#fromSeq -= messages.length;
    for (const message of messages) this.#weight += weightOf(message);
  }

  /** Forgets the messages before `fromSeq`. */
  dropBefore(fromSeq: number): void {
    const count = Math.min(fromSeq - this.#fromSeq, this.#messages.length);
    if (count <= 0) return;
    for (const message of this.#messages.splice(0, count)) this.#weight -= weightOf(message);
    this.#fromSeq += count;
  }
}
