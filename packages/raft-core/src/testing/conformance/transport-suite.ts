import { deepEqual, equal, ok } from 'node:assert/strict';
import { groupId, logIndex, nodeId, term } from '../../ids.js';
import type { NodeId } from '../../ids.js';
import type { Message } from '../../message/message.js';
import type { Lane, Transport, TransportHandler } from '../../transport/transport.js';
import type { ConformanceCase } from './conformance-case.js';
import { plainMessage, sampleMessages } from './sample-messages.js';

/** A few nodes whose transports reach each other. What is optional adds cases. */
export interface TransportPlace {
  /** The node's transport, not opened. Called once per node, or again after its `close`. */
  transport(self: NodeId): Transport | Promise<Transport>;
  /** Breaks the connection between two nodes as a network would; it may come back by itself. */
  disconnect?(a: NodeId, b: NodeId): void | Promise<void>;
  /** Undoes `disconnect`. */
  heal?(): void | Promise<void>;
  dispose?(): Promise<void>;
}

const a = nodeId('a');
const b = nodeId('b');
const deadlineMs = 10_000;

interface Frame {
  readonly from: NodeId;
  readonly messages: readonly Message[];
}

class Recorder implements TransportHandler {
  readonly frames: Frame[] = [];
  readonly down: NodeId[] = [];
  calls = 0;

  receive(from: NodeId, messages: readonly Message[]): void {
    this.calls += 1;
    this.frames.push({ from, messages });
  }

  peerDown(peer: NodeId): void {
    this.calls += 1;
    this.down.push(peer);
  }

  unreachable(): void {
    this.calls += 1;
  }

  first(type: Message['type']): unknown {
    const message = this.frames.flatMap(({ messages }) => messages).find((item) => item.type === type);
    return message && plainMessage(message);
  }

  has(id: number): boolean {
    return this.frames.some((frame) =>
      frame.messages.some((item) => item.type === 'read_request' && item.id === id),
    );
  }
}

function probe(from: NodeId, to: NodeId, id: number): Message {
  return { type: 'read_request', group: groupId(0), from, to, term: term(1), session: 1, id };
}

async function until(
  what: string,
  condition: () => boolean,
  each: () => void = () => undefined,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    ok(performance.now() < end, `${what}: not within ${deadlineMs} ms`);
    each();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

class Pair {
  readonly place: TransportPlace;
  readonly endA: Transport;
  readonly endB: Transport;
  readonly atA = new Recorder();
  readonly atB = new Recorder();

  constructor(place: TransportPlace, endA: Transport, endB: Transport) {
    this.place = place;
    this.endA = endA;
    this.endB = endB;
  }

  /** Sends until a frame has arrived: a transport may lose what is sent while it connects. */
  async connected(id = 1): Promise<void> {
    await until(
      'a frame from a to b and one back',
      () => this.atB.has(id) && this.atA.has(id),
      () => {
        this.endA.send(b, [probe(a, b, id)], 'control');
        this.endB.send(a, [probe(b, a, id)], 'control');
      },
    );
  }
}

type Check = (pair: Pair) => Promise<void>;

async function arrives(pair: Pair, messages: readonly Message[], lane: Lane): Promise<void> {
  const expected = messages.map(plainMessage);
  const arrived = (): Frame | undefined =>
    pair.atB.frames.find(
      (frame) => frame.messages[0]?.type === messages[0]?.type && frame.messages.length === messages.length,
    );
  await until(
    `a ${lane} frame of ${messages.length}`,
    () => arrived() !== undefined,
    () => pair.endA.send(b, messages, lane),
  );
  const frame = arrived();
  equal(frame?.from, a);
  deepEqual(frame?.messages.map(plainMessage), expected);
}

const always: Record<string, Check> = {
  'a frame arrives whole, in order, unaltered, and names its sender': (pair) =>
    arrives(pair, sampleMessages(a, b), 'control'),

  'the bulk lane carries the same': (pair) => arrives(pair, sampleMessages(a, b), 'bulk'),

  'a message of 4 MiB arrives': async (pair) => {
    const data = new Uint8Array(4 * 1024 * 1024).fill(0x5a);
    const entry = { index: logIndex(1), term: term(1), type: 'normal', data } as const;
    const base = { group: groupId(1), from: a, to: b, term: term(1) };
    const append: Message = {
      ...base,
      type: 'append',
      prevIndex: logIndex(0),
      prevTerm: term(0),
      entries: [entry],
      commit: logIndex(0),
    };
    // What is short may pass what is long, in a frame of its own.
    await until(
      'an append of 4 MiB and what was sent with it',
      () => pair.atB.has(5) && pair.atB.first('append') !== undefined,
      () => pair.endA.send(b, [append, probe(a, b, 5)], 'control'),
    );
    deepEqual(pair.atB.first('append'), plainMessage(append));
  },

  'send returns before the handler is called': async (pair) => {
    await pair.connected();
    for (let at = 0; at < 50; at += 1) {
      const before = pair.atA.calls + pair.atB.calls;
      pair.endA.send(b, [probe(a, b, 100 + at)], at % 2 === 0 ? 'control' : 'bulk');
      pair.endA.send(nodeId('nobody'), [probe(a, nodeId('nobody'), 1)], 'control');
      equal(pair.atA.calls + pair.atB.calls, before);
    }
  },

  'a peer that nobody knows does no harm': async (pair) => {
    for (let at = 0; at < 1_000; at += 1)
      pair.endA.send(nodeId('nobody'), [probe(a, nodeId('nobody'), at)], 'bulk');
    await pair.connected();
  },

  'a burst neither throws nor blocks, and the link works afterwards': async (pair) => {
    await pair.connected(1);
    for (let at = 0; at < 20_000; at += 1) pair.endA.send(b, [probe(a, b, 1_000 + at)], 'control');
    await pair.connected(2);
  },

  'after close nothing is delivered, and send does nothing': async (pair) => {
    await pair.connected();
    await pair.endB.close();
    await pair.endA.close();
    const calls = pair.atB.calls;
    for (let at = 0; at < 10; at += 1) {
      pair.endA.send(b, [probe(a, b, 500)], 'control');
      pair.endB.send(a, [probe(b, a, 500)], 'control');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    equal(pair.atB.calls, calls);
    ok(!pair.atA.has(500));
  },

  'a node that restarts is reached again': async (pair) => {
    await pair.connected();
    await pair.endB.close();
    const again = await pair.place.transport(b);
    const handler = new Recorder();
    await again.open(handler);
    try {
      await until(
        'a frame to the restarted node',
        () => handler.has(9),
        () => pair.endA.send(b, [probe(a, b, 9)], 'control'),
      );
    } finally {
      await again.close();
    }
  },
};

const whereItDisconnects: Record<string, Check> = {
  'a lost connection is reported, and the link comes back once healed': async (pair) => {
    await pair.connected(1);
    await pair.place.disconnect?.(a, b);
    await until('peerDown at both ends', () => pair.atA.down.includes(b) && pair.atB.down.includes(a));
    await pair.place.heal?.();
    await pair.connected(2);
  },
};

/**
 * The contract of `Transport` as cases for any test runner. Each case gets a place of its own, with
 * the nodes `a` and `b`.
 *
 * ```ts
 * for (const { name, run } of transportConformance(() => new MyPlace())) test(name, run);
 * ```
 */
export function transportConformance(createPlace: () => TransportPlace): readonly ConformanceCase[] {
  const checks = { ...always, ...(createPlace().disconnect === undefined ? {} : whereItDisconnects) };
  return Object.entries(checks).map(([name, check]) => ({ name, run: () => runIn(createPlace(), check) }));
}

async function runIn(place: TransportPlace, check: Check): Promise<void> {
  const pair = new Pair(place, await place.transport(a), await place.transport(b));
  try {
    await pair.endA.open(pair.atA);
    await pair.endB.open(pair.atB);
    await check(pair);
  } finally {
    await pair.endA.close();
    await pair.endB.close();
    await place.dispose?.();
  }
}
