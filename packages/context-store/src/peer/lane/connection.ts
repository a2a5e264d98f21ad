import { RaftError } from '@fastpaca/raft-core';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';

import { MalformedError } from '../../codec/byte-reader.js';
import { toBuffer } from '../handshake/socket-channel.js';
import { readUnits } from '../wire/unit.js';
import type { UnitKind } from '../wire/unit.js';
import type { LaneQueue } from './lane-queue.js';

/** Close codes of the link. 1001 is the websocket's own: the node goes. */
export const closeCodes = { going: 1001, duplicate: 4001, malformed: 4002, refused: 4003 } as const;

/** The socket takes no more above this, so that what is urgent waits for no more than this. */
const HIGH_WATER_BYTES = 256 * 1024;
const CLOSE_MS = 1_000;
/** How long what nobody waits for may wait for something to go with. */
const PATIENCE_MS = 4;

export interface ConnectionEvents {
  /** Throws `MalformedError` or a `RaftError` where the body is not what its kind says. */
  unit(kind: UnitKind, body: Uint8Array): void;
  /** Once, whatever the reason. `replaced` where the peer has a better connection. */
  closed(reason: string, replaced: boolean): void;
}

export interface ConnectionCounters {
  sentBytes: number;
  receivedBytes: number;
  sentFrames: number;
  receivedFrames: number;
}

const sendOptions = { binary: true } as const;

/** One websocket after its handshake: sends what a queue holds, at most once per turn, and reads units. */
export class Connection {
  /** Ticks without a sign of life. The network counts them. */
  silentTicks = 0;
  /** Ticks since this node sent anything. */
  quietTicks = 0;
  #queue: LaneQueue | null = null;
  #events: ConnectionEvents | null = null;
  #counters: ConnectionCounters | null = null;
  /** What was sent last waits for the socket. */
  #backlogged = false;
  #flush: 'none' | 'loop' | 'turn' = 'none';
  #reason: string | null = null;
  #closeTimer: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout | null = null;

  constructor(
    private readonly socket: WebSocket,
    /** Whether this node dialled. */
    readonly dialled: boolean,
  ) {}

  /** Takes the socket over. `early` arrived with the handshake. */
  open(
    queue: LaneQueue,
    counters: ConnectionCounters,
    events: ConnectionEvents,
    early: readonly Buffer[],
  ): void {
    this.#queue = queue;
    this.#counters = counters;
    this.#events = events;
    this.socket.on('message', this.#onMessage);
    this.socket.on('error', this.#onError);
    this.socket.once('close', this.#onClose);
    for (const message of early) this.#onMessage(message);
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Sends once the turn is over, what its promises set off included. */
  flushAfterTurn(): void {
    if (this.#flush === 'turn') return;
    this.#flush = 'turn';
    queueMicrotask(() => {
      process.nextTick(this.#flushNow);
    });
  }

  /**
   * Sends once the I/O events that are ready now have been served, and Raft's turn after them: they may have
   * more. What cannot wait takes it along.
   */
  flushAfterLoop(): void {
    if (this.#flush !== 'none') return;
    this.#flush = 'loop';
    setImmediate(this.#afterImmediates);
  }

  /** Raft's turn may stand behind this one in the queue of immediates: one more pass lets it by. */
  readonly #afterImmediates = (): void => {
    if (this.#flush === 'loop') setImmediate(this.#flushNow);
  };

  /** Sends with what comes next, or by itself where nothing does for a while. */
  flushSoon(): void {
    if (this.#flush !== 'none' || this.#patience !== null) return;
    this.#patience = setTimeout(() => {
      this.#patience = null;
      this.#pump();
    }, PATIENCE_MS);
  }

  readonly #flushNow = (): void => {
    if (this.#flush === 'none') return;
    this.#flush = 'none';
    this.#pump();
  };

  /** No more is sent; what the peer still sends is read, until it closes too. */
  retire(code: number, reason: string): void {
    this.#queue = null;
    this.#end(code, reason);
  }

  /** Sends what is short, then closes. */
  close(code: number, reason: string): void {
    const last = this.#queue?.take() ?? null;
    if (last !== null && this.socket.readyState === WebSocket.OPEN) this.#send(last);
    this.#queue = null;
    this.#end(code, reason);
  }

  /** Closes without a word. */
  terminate(reason: string): void {
    this.#reason ??= reason;
    this.#queue = null;
    this.socket.terminate();
  }

  #end(code: number, reason: string): void {
    this.#reason ??= reason;
    this.socket.close(code, reason.slice(0, 100));
    this.#closeTimer ??= setTimeout(() => {
      this.socket.terminate();
    }, CLOSE_MS);
  }

  #pump(): void {
    const { socket } = this;
    while (socket.bufferedAmount < HIGH_WATER_BYTES && socket.readyState === WebSocket.OPEN) {
      const message = this.#queue?.take() ?? null;
      if (message === null) return;
      this.#send(message);
    }
  }

  #send(message: Uint8Array): void {
    if (this.#counters !== null) {
      this.#counters.sentBytes += message.length;
      this.#counters.sentFrames += 1;
    }
    this.quietTicks = 0;
    this.socket.send(message, sendOptions, this.#onWritten);
    this.#backlogged = this.socket.bufferedAmount > 0;
  }

  readonly #onWritten = (): void => {
    // The system's buffer was full and is not any more: the peer takes what is sent. Its answers to pings
    // may come late, behind megabytes on a slow network. Where there is room at once, it says nothing.
    if (this.#backlogged) this.silentTicks = 0;
    this.#backlogged = this.socket.bufferedAmount > 0;
    if (this.#queue !== null && !this.#queue.isEmpty) this.flushAfterTurn();
  };

  readonly #onMessage = (data: RawData): void => {
    this.silentTicks = 0;
    const events = this.#events;
    if (events === null) return;
    const message = toBuffer(data);
    if (this.#counters !== null) {
      this.#counters.receivedBytes += message.length;
      this.#counters.receivedFrames += 1;
    }
    try {
      readUnits(message, (kind, body) => {
        events.unit(kind, body);
      });
    } catch (error) {
      if (!(error instanceof MalformedError) && !(error instanceof RaftError)) throw error;
      // What follows cannot be trusted either.
      this.socket.off('message', this.#onMessage);
      const reason = `What the peer sent is malformed: ${error.message}`;
      this.close(closeCodes.malformed, reason);
      this.#tellClosed(reason, false);
    }
  };

  readonly #onError = (error: Error): void => {
    this.#reason ??= `The connection failed: ${error.message}`;
  };

  readonly #onClose = (code: number, reason: Buffer): void => {
    if (this.#closeTimer !== null) clearTimeout(this.#closeTimer);
    if (this.#patience !== null) clearTimeout(this.#patience);
    const said = reason.length > 0 ? reason.toString().replace(/\p{C}/gu, ' ') : `code ${code}`;
    this.#queue = null;
    this.#tellClosed(
      this.#reason ?? `The peer closed the connection: ${said}`,
      code === closeCodes.duplicate,
    );
  };

  #tellClosed(reason: string, replaced: boolean): void {
    const events = this.#events;
    this.#events = null;
    events?.closed(reason, replaced);
  }
}
