import type { Clock, Lane, Message, NodeId, Transport, TransportHandler } from '@fastpaca/raft-core';

/** Bytes that wait; what comes on top is dropped, and its sender sends it again. */
const maximumWaitingBytes = 16 << 20;

interface Waiting {
  readonly to: NodeId;
  readonly messages: readonly Message[];
  readonly bytes: number;
}

/**
 * Bounds what snapshots send per second, so that moving groups leaves disks and network to those who serve.
 * Everything else passes at once.
 */
export class ThrottledTransport implements Transport {
  readonly #inner: Transport;
  readonly #bytesPerMs: number;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** When what was sent so far is paid for. */
  #freeAt = 0;
  #timer: unknown = null;

  constructor(inner: Transport, bytesPerSecond: number, clock: Clock) {
    this.#inner = inner;
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#clock = clock;
  }

  open(handler: TransportHandler): Promise<void> {
    return this.#inner.open(handler);
  }

  send(to: NodeId, messages: readonly Message[], lane: Lane): void {
    if (lane === 'control') {
      this.#inner.send(to, messages, lane);
      return;
    }
    const bytes = messages.reduce((sum, message) => sum + snapshotBytes(message), 0);
    if (this.#waitingBytes + bytes > maximumWaitingBytes) return;
    this.#waiting.push({ to, messages, bytes });
    this.#waitingBytes += bytes;
    this.#sendDue();
  }

  close(): Promise<void> {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
    this.#waiting.length = 0;
    return this.#inner.close();
  }

  #sendDue(): void {
    if (this.#timer !== null) return;
    const now = this.#clock.now();
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#freeAt > now) {
        this.#timer = this.#clock.schedule(() => {
          this.#timer = null;
          this.#sendDue();
        }, this.#freeAt - now);
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes;
      this.#freeAt = Math.max(this.#freeAt, now) + next.bytes / this.#bytesPerMs;
      this.#inner.send(next.to, next.messages, 'bulk');
    }
  }
}

const snapshotBytes = (message: Message): number =>
  message.type === 'snapshot_chunk' ? message.data.length : 0;
