import type { NodeId } from '../ids.js';
import type { Message } from '../message/message.js';
import type { Lane, Transport } from '../transport/transport.js';

interface Queue {
  readonly to: NodeId;
  messages: Message[] | null;
}

/** What a turn sends, by peer: one frame per peer and lane, whatever the number of groups. */
export class Outbound {
  readonly #transport: Transport;
  readonly #control: Queue[] = [];
  readonly #bulk: Queue[] = [];

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  add(messages: readonly Message[]): void {
    for (const message of messages) {
      const lane = message.type === 'snapshot_chunk' ? this.#bulk : this.#control;
      const queue = queueTo(lane, message.to);
      if (queue.messages === null) queue.messages = [message];
      else queue.messages.push(message);
    }
  }

  flush(): void {
    this.#flushLane(this.#control, 'control');
    this.#flushLane(this.#bulk, 'bulk');
  }

  #flushLane(queues: readonly Queue[], lane: Lane): void {
    for (const queue of queues) {
      const { messages } = queue;
      if (messages === null) continue;
      queue.messages = null;
      this.#transport.send(queue.to, messages, lane);
    }
  }
}

/** Peers are a few: comparing their names is cheaper than a map, which hashes one for each message. */
function queueTo(queues: Queue[], to: NodeId): Queue {
  for (const queue of queues) if (queue.to === to) return queue;
  const queue: Queue = { to, messages: null };
  queues.push(queue);
  return queue;
}
