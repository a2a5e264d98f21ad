import { ByteWriter } from '../../codec/byte-writer.js';
import { nothing, Parcel } from '../wire/parcel.js';
import {
  MAX_MESSAGE_BYTES,
  MESSAGE_BYTES,
  MIN_PART_BYTES,
  PART_HEAD_BYTES,
  WHOLE_BYTES,
  numberBody,
  writePartHead,
  writeUnit,
} from '../wire/unit.js';
import type { RaftKind, UnitKind } from '../wire/unit.js';

export interface QueueLimits {
  /** Raft frames that wait; a longer one goes where nothing else waits. */
  readonly maxRaftBytes: number;
  /** Requests and answers that wait. */
  readonly maxPayloadBytes: number;
  readonly maxPayloads: number;
  /** Long requests and answers that are sent at the same time, in turns. */
  readonly maxStreams: number;
  /** Bytes of them all, unless it is one. */
  readonly maxStreamBytes: number;
}

/** What is small and of which only the newest counts. */
export type NoteKind = Extract<UnitKind, 'announcement' | 'addresses' | 'ping' | 'pong' | 'refusal'>;

/** Long parcels get at least this share of a message while short ones keep coming. */
const LONG_SHARE_BYTES = 2 * MIN_PART_BYTES;
/** Room for the heads of units, so that the buffer rarely grows. */
const SMALL_BYTES = 512;
/** Parcels that stay in a queue though nobody wants them. */
const MAX_WITHDRAWN = 1_024;

/**
 * What waits to be sent on one lane to one peer. Three queues: short units, which go first; appends that
 * are long or came after a long one, in their order, as a follower takes them in order; long requests
 * and answers, a few at a time, a piece each. So a heartbeat waits for one message, not for 16 MiB.
 */
export class LaneQueue {
  readonly #notes = new Map<NoteKind, Uint8Array>();
  #cuts: number[] = [];
  #short: Parcel[] = [];
  #ordered: Parcel[] = [];
  #long: Parcel[] = [];
  #streaming: Parcel[] = [];
  #streamingBytes = 0;
  #lastStream = 0;
  #raftBytes = 0;
  #payloadBytes = 0;
  #payloads = 0;
  #withdrawn = 0;

  constructor(private readonly limits: QueueLimits) {}

  get bytes(): number {
    return this.#raftBytes + this.#payloadBytes;
  }

  /** Whether appends wait in order: others have to wait behind them. */
  get keepsOrder(): boolean {
    return this.#ordered.length > 0;
  }

  get isEmpty(): boolean {
    const { length } = this.#short;
    if (length > 0 || this.#notes.size > 0 || this.#cuts.length > 0) return false;
    return this.#ordered.length === 0 && this.#long.length === 0 && this.#streaming.length === 0;
  }

  /** False where the queue is full: the frame is lost. */
  raft(frame: Uint8Array, inOrder: boolean, kind: RaftKind = 'raft'): boolean {
    if (this.#raftBytes > 0 && this.#raftBytes + frame.length > this.limits.maxRaftBytes) return false;
    this.#raftBytes += frame.length;
    const parcel = new Parcel(kind, nothing, frame);
    if (inOrder || frame.length > WHOLE_BYTES) this.#ordered.push(parcel);
    else this.#short.push(parcel);
    return true;
  }

  /** False where the queue is full. */
  payload(parcel: Parcel): boolean {
    const { maxPayloadBytes, maxPayloads } = this.limits;
    if (this.#payloads >= maxPayloads) return false;
    if (this.#payloadBytes > 0 && this.#payloadBytes + parcel.bytes > maxPayloadBytes) return false;
    this.#payloads += 1;
    this.#payloadBytes += parcel.bytes;
    if (parcel.bytes > WHOLE_BYTES) this.#long.push(parcel);
    else this.#short.push(parcel);
    return true;
  }

  note(kind: NoteKind, body: Uint8Array): void {
    this.#notes.set(kind, body);
  }

  /** The parcel is not wanted any more. True where none of it, or not all, was handed over. */
  withdraw(parcel: Parcel): boolean {
    if (parcel.handed) return false;
    if (parcel.withdrawn) return true;
    if (parcel.stream > 0) {
      this.#cuts.push(parcel.stream);
      this.#endStream(parcel);
    }
    this.#account(parcel);
    parcel.withdraw();
    this.#withdrawn += 1;
    if (this.#withdrawn >= MAX_WITHDRAWN) this.#sweep();
    return true;
  }

  /** The next websocket message, or null where nothing waits. */
  take(): Uint8Array | null {
    if (this.isEmpty) return null;
    const message = new ByteWriter(Math.min(this.bytes + SMALL_BYTES, MAX_MESSAGE_BYTES));
    for (const [kind, body] of this.#notes) writeUnit(message, kind, body.length).raw(body);
    this.#notes.clear();
    for (const stream of this.#cuts) {
      const body = numberBody(stream);
      writeUnit(message, 'cut', body.length).raw(body);
    }
    this.#cuts = [];
    this.#startStreams();
    const hasLong = this.#ordered.length > 0 || this.#streaming.length > 0;
    this.#takeShort(message, hasLong ? MESSAGE_BYTES - LONG_SHARE_BYTES : MESSAGE_BYTES);
    this.#takeOrdered(message);
    this.#takeStreaming(message);
    return message.length === 0 ? null : message.finish();
  }

  /** The connection is another one: what was sent in part is sent again. */
  restart(): void {
    this.#cuts = [];
    for (const parcel of this.#ordered) parcel.restart();
    for (const parcel of this.#streaming) parcel.restart();
    this.#long = [...this.#streaming, ...this.#long];
    this.#streaming = [];
    this.#streamingBytes = 0;
  }

  /** The peer is gone: nothing of this is sent. */
  clear(): void {
    this.#notes.clear();
    this.#cuts = [];
    for (const parcels of [this.#short, this.#ordered, this.#long, this.#streaming]) parcels.length = 0;
    this.#streamingBytes = 0;
    this.#raftBytes = 0;
    this.#payloadBytes = 0;
    this.#payloads = 0;
  }

  #sweep(): void {
    this.#withdrawn = 0;
    this.#short = this.#short.filter(({ withdrawn }) => !withdrawn);
    this.#long = this.#long.filter(({ withdrawn }) => !withdrawn);
  }

  #takeShort(message: ByteWriter, room: number): void {
    let taken = 0;
    for (const parcel of this.#short) {
      if (message.length >= room) break;
      taken += 1;
      if (!parcel.withdrawn) this.#addWhole(message, parcel);
    }
    if (taken === this.#short.length) this.#short = [];
    else this.#short.splice(0, taken);
  }

  #takeOrdered(message: ByteWriter): void {
    while (this.#ordered.length > 0 && message.length + LONG_SHARE_BYTES / 2 <= MESSAGE_BYTES) {
      const [parcel] = this.#ordered;
      if (parcel === undefined) return;
      if (parcel.bytes <= WHOLE_BYTES) this.#addWhole(message, parcel);
      else this.#addPart(message, parcel);
      if (!parcel.handed) return;
      this.#ordered.shift();
    }
  }

  /** A piece of the one that waited longest. */
  #takeStreaming(message: ByteWriter): void {
    while (this.#streaming.length > 0 && message.length + MIN_PART_BYTES <= MESSAGE_BYTES) {
      const parcel = this.#streaming.shift();
      if (parcel === undefined) return;
      this.#addPart(message, parcel);
      if (parcel.handed) this.#streamingBytes -= parcel.bytes;
      else this.#streaming.push(parcel);
    }
  }

  #startStreams(): void {
    const { maxStreams, maxStreamBytes } = this.limits;
    while (this.#long.length > 0) {
      const [next] = this.#long;
      if (next === undefined) return;
      if (!next.withdrawn) {
        if (this.#streaming.length >= maxStreams) return;
        if (this.#streaming.length > 0 && this.#streamingBytes + next.bytes > maxStreamBytes) return;
        this.#streaming.push(next);
        this.#streamingBytes += next.bytes;
      }
      this.#long.shift();
    }
  }

  #endStream(parcel: Parcel): void {
    const at = this.#streaming.indexOf(parcel);
    if (at < 0) return;
    this.#streaming.splice(at, 1);
    this.#streamingBytes -= parcel.bytes;
  }

  #addWhole(message: ByteWriter, parcel: Parcel): void {
    writeUnit(message, parcel.kind, parcel.bytes);
    parcel.next(parcel.bytes, (slice) => message.raw(slice));
    this.#account(parcel);
  }

  #addPart(message: ByteWriter, parcel: Parcel): void {
    if (parcel.stream === 0) parcel.stream = this.#lastStream += 1;
    const left = parcel.bytes - parcel.sent;
    const bytes = Math.min(left, Math.max(MIN_PART_BYTES, MESSAGE_BYTES - message.length));
    const last = bytes === left;
    const { stream, kind } = parcel;
    const head = writePartHead(new ByteWriter(PART_HEAD_BYTES), { stream, kind, last }).finish();
    writeUnit(message, 'part', head.length + bytes).raw(head);
    parcel.next(bytes, (slice) => message.raw(slice));
    if (last) this.#account(parcel);
  }

  /** The parcel does not wait any more. */
  #account(parcel: Parcel): void {
    if (parcel.kind === 'request' || parcel.kind === 'answer') {
      this.#payloads -= 1;
      this.#payloadBytes -= parcel.bytes;
    } else this.#raftBytes -= parcel.bytes;
  }
}
