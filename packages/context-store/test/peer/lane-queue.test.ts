import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { LaneQueue } from '../../src/peer/lane/lane-queue.js';
import type { QueueLimits } from '../../src/peer/lane/lane-queue.js';
import { Assembler } from '../../src/peer/wire/assembler.js';
import { Parcel } from '../../src/peer/wire/parcel.js';
import { MAX_MESSAGE_BYTES, MESSAGE_BYTES, readPart, readUnits } from '../../src/peer/wire/unit.js';
import type { UnitKind } from '../../src/peer/wire/unit.js';

const MiB = 1024 * 1024;
const limits: QueueLimits = {
  maxRaftBytes: 8 * MiB,
  maxPayloadBytes: 64 * MiB,
  maxPayloads: 1_000,
  maxStreams: 4,
  maxStreamBytes: 16 * MiB,
};

/** `fill` tells parcels apart: every byte of the body is it. */
const request = (fill: number, size: number): Parcel =>
  new Parcel('request', Uint8Array.of(fill), new Uint8Array(size).fill(fill));

interface Received {
  readonly kind: UnitKind;
  readonly body: Uint8Array;
  /** Of which message. */
  readonly message: number;
}

/** Takes messages until the queue is empty, or so many, and puts the units together as a peer does. */
class Receiver {
  readonly units: Received[] = [];
  readonly sizes: number[] = [];
  assembler = new Assembler({ maxParcelBytes: 32 * MiB, maxBytes: 96 * MiB, maxStreams: 5 });

  constructor(private readonly queue: LaneQueue) {}

  take(messages = Infinity): this {
    for (let count = 0; count < messages; count += 1) {
      const message = this.queue.take();
      if (message === null) return this;
      this.sizes.push(message.length);
      readUnits(message, (kind, body) => {
        const part = kind === 'part' ? readPart(body) : null;
        const whole = part === null ? body : this.assembler.add(part);
        if (whole === null) return;
        this.units.push({ kind: part?.kind ?? kind, body: whole, message: this.sizes.length - 1 });
      });
    }
    return this;
  }

  get fills(): number[] {
    return this.units.map(({ body }) => body[0] ?? -1);
  }
}

describe('what waits for a peer', () => {
  test('arrives whole, whatever the sizes, and no message is longer than allowed', () => {
    const size = fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: 400_000 }));
    fc.assert(
      fc.property(
        fc.array(fc.record({ raft: fc.boolean(), size }), { maxLength: 20 }),
        fc.nat({ max: 10 }),
        (items, early) => {
          const queue = new LaneQueue(limits);
          const receiver = new Receiver(queue);
          items.forEach(({ raft, size: bytes }, at) => {
            if (raft) queue.raft(new Uint8Array(bytes + 1).fill(at), false);
            else queue.payload(request(at, bytes));
            if (at === early) receiver.take(1);
          });
          receiver.take();
          expect(receiver.units.map(({ body }) => body.length).sort()).toEqual(
            items.map(({ size: bytes }) => bytes + 1).sort(),
          );
          const isWhole = ({ body }: Received): boolean => Buffer.alloc(body.length, body[0]).equals(body);
          expect(receiver.units.every(isWhole)).toBe(true);
          expect(Math.max(0, ...receiver.sizes)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
          expect(queue.bytes).toBe(0);
          expect(queue.isEmpty).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('what is short passes what is long, and long ones go on meanwhile', () => {
    const queue = new LaneQueue(limits);
    queue.payload(request(1, 4 * MiB));
    const receiver = new Receiver(queue).take(3);
    for (let at = 0; at < 200; at += 1) queue.raft(new Uint8Array(1_000).fill(2), false);
    receiver.take();
    const short = receiver.units.filter(({ body }) => body[0] === 2);
    expect(short).toHaveLength(200);
    // 200 KB in messages of at most 48 KiB of them.
    expect(Math.max(...short.map(({ message }) => message))).toBeLessThanOrEqual(3 + 5);
    expect(receiver.units.at(-1)?.body).toHaveLength(4 * MiB + 1);
  });

  test('appends keep their order behind a long one, and others pass them', () => {
    const queue = new LaneQueue(limits);
    queue.raft(new Uint8Array(1 * MiB).fill(1), true);
    expect(queue.keepsOrder).toBe(true);
    queue.raft(new Uint8Array(10).fill(2), true);
    queue.raft(new Uint8Array(10).fill(3), false);
    expect(new Receiver(queue).take().fills).toEqual([3, 1, 2]);
    expect(queue.keepsOrder).toBe(false);
  });

  test('is bounded, but one thing that is longer than the bound goes alone', () => {
    const queue = new LaneQueue({ ...limits, maxRaftBytes: 1_000, maxPayloadBytes: 1_000, maxPayloads: 3 });
    expect(queue.raft(new Uint8Array(2_000), false)).toBe(true);
    expect(queue.raft(new Uint8Array(1), false)).toBe(false);
    expect(queue.payload(request(1, 2_000))).toBe(true);
    expect(queue.payload(request(2, 1))).toBe(false);
    new Receiver(queue).take();
    expect([1, 2, 3, 4].map((fill) => queue.payload(request(fill, 1)))).toEqual([true, true, true, false]);
  });

  test('long requests take turns, four at a time', () => {
    const queue = new LaneQueue(limits);
    for (const fill of [1, 2, 3, 4, 5, 6]) queue.payload(request(fill, 3 * MESSAGE_BYTES));
    queue.payload(request(7, 80_000));
    expect(new Receiver(queue).take().fills).toEqual([1, 2, 3, 4, 7, 5, 6]);
  });

  test('what is not wanted any more is not sent, and what was sent of it is dropped', () => {
    const queue = new LaneQueue(limits);
    const [long, short, sent] = [request(1, 4 * MiB), request(2, 10), request(3, 10)];
    queue.payload(sent);
    queue.payload(long);
    const receiver = new Receiver(queue).take(2);
    queue.payload(short);
    expect([long, short, sent].map((parcel) => queue.withdraw(parcel))).toEqual([true, true, false]);
    expect(queue.bytes).toBe(0);
    const message = queue.take();
    const kinds: UnitKind[] = [];
    readUnits(message ?? new Uint8Array(0), (kind) => kinds.push(kind));
    expect(kinds).toEqual(['cut']);
    expect(receiver.take().fills).toEqual([3]);
    expect(queue.isEmpty).toBe(true);
  });

  test('on another connection, what was sent in part is sent again', () => {
    const queue = new LaneQueue(limits);
    queue.payload(request(1, 1 * MiB));
    queue.raft(new Uint8Array(1 * MiB).fill(2), true);
    new Receiver(queue).take(4);
    queue.restart();
    const units = new Receiver(queue).take().units;
    expect(units.map(({ body }) => body.length).sort()).toEqual([1 * MiB, 1 * MiB + 1]);
    expect(queue.bytes).toBe(0);
  });

  test('of notes only the newest is sent', () => {
    const queue = new LaneQueue(limits);
    for (const value of [1, 2, 3]) queue.note('announcement', Uint8Array.of(value));
    queue.note('ping', Uint8Array.of(4));
    expect(new Receiver(queue).take().fills).toEqual([3, 4]);
  });

  test('withdrawn ones do not pile up in a queue that does not move', () => {
    const queue = new LaneQueue(limits);
    let taken = 0;
    for (let at = 0; at < 20_000; at += 1) {
      const parcel = request(1, 100);
      taken += Number(queue.payload(parcel));
      queue.withdraw(parcel);
    }
    expect(taken).toBe(20_000);
    expect(queue.bytes).toBe(0);
    expect(new Receiver(queue).take().units).toEqual([]);
  });
});
