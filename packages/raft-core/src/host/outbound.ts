import type { NodeId } from '../ids.js';
import type { Message } from '../message/message.js';
import type { Lane, Transport } from '../transport/transport.js';

/** What a turn sends, by peer: one frame per peer and lane, whatever the number of groups. */
export class Outbound {
  readonly #transport: Transport;
  readonly #control = new Map<NodeId, Message[]>();
  readonly #bulk = new Map<NodeId, Message[]>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  add(messages: readonly Message[]): void {
    for (const message of messages) {
      const lane = message.type === 'snapshot_chunk' ? this.#bulk : this.#control;
      const queue = lane.get(message.to);
      if (queue === undefined) lane.set(message.to, [message]);
      else queue.push(message);
    }
  }

  flush(): void {
    this.#flushLane(this.#control, 'control');
    this.#flushLane(this.#bulk, 'bulk');
  }

  #flushLane(queues: Map<NodeId, Message[]>, lane: Lane): void {
    if (queues.size === 0) return;
    for (const [peer, messages] of queues) this.#transport.send(peer, messages, lane);
    queues.clear();
  }
}
