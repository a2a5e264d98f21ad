import type { NodeId } from '../ids.js';
import type { Message } from '../message/message.js';
import type { HostLimits } from './options.js';

/** Messages that arrived and are not stepped yet. Bounded: what does not fit is lost, as on a network. */
export class Inbox {
  readonly #limits: HostLimits;
  #messages: Message[] = [];
  #bytes = 0;

  constructor(limits: HostLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Returns how many messages were dropped. */
  push(from: NodeId, messages: readonly Message[]): number {
    let taken = 0;
    for (const message of messages) {
      if (message.from !== from) continue;
      const bytes = sizeOf(message);
      const full =
        this.#messages.length >= this.#limits.maxInboxMessages ||
        (this.#bytes > 0 && this.#bytes + bytes > this.#limits.maxInboxBytes);
      if (full) break;
      this.#messages.push(message);
      this.#bytes += bytes;
      taken += 1;
    }
    return messages.length - taken;
  }

  take(): readonly Message[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

function sizeOf(message: Message): number {
  if (message.type === 'snapshot_chunk') return message.data.length;
  if (message.type !== 'append') return 0;
  let bytes = 0;
  for (const entry of message.entries) bytes += entry.data.length;
  return bytes;
}
