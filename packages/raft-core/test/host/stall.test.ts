import { describe, expect, test } from '@jest/globals';
import { groupId, logIndex, nodeId, RaftHost, term } from '../../src/index.js';
import type { Clock, GroupId, Message, Transport, TransportHandler } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const [a, b, c] = [nodeId('a'), nodeId('b'), nodeId('c')];
const groups = Array.from({ length: 256 }, (_, at) => groupId(at));
const timing = { heartbeatMs: 100, electionTimeoutMs: 1_000 };
const campaignsPerPass = 32;

/** A clock that stands until the test moves it, and an event loop that runs when the test says so. */
class ManualClock implements Clock {
  time = 0;
  #timer: (() => void) | null = null;
  #deferred: (() => void)[] = [];

  now(): number {
    return this.time;
  }
  schedule(task: () => void): unknown {
    this.#timer = task;
    return task;
  }
  cancel(): void {
    this.#timer = null;
  }
  defer(task: () => void): void {
    this.#deferred.push(task);
  }
  fire(): void {
    const timer = this.#timer;
    this.#timer = null;
    timer?.();
  }
  /** One pass of the loop after another until none is left, with writes completing between them. */
  async rest(): Promise<void> {
    do {
      for (const task of this.#deferred.splice(0)) task();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#deferred.length > 0);
  }
}

/** A network of which the test is the other end. */
class Wire implements Transport {
  handler: TransportHandler | null = null;
  readonly sent: Message[] = [];

  async open(handler: TransportHandler): Promise<void> {
    this.handler = handler;
  }
  send(_to: typeof a, messages: readonly Message[]): void {
    this.sent.push(...messages);
  }
  async close(): Promise<void> {
    this.handler = null;
  }
  /** A frame of the leader's heartbeats, one per group. */
  beat(): void {
    const heartbeat = (group: GroupId): Message => ({
      type: 'heartbeat',
      group,
      from: a,
      to: b,
      term: term(1),
      commit: logIndex(0),
      round: 0,
    });
    this.handler?.receive(a, groups.map(heartbeat));
  }
  campaigning(): number {
    return new Set(this.sent.flatMap((m) => (m.type === 'vote_request' ? [m.group] : []))).size;
  }
}

async function followerOf256Groups(): Promise<{ clock: ManualClock; wire: Wire; host: RaftHost<number> }> {
  const [clock, wire] = [new ManualClock(), new Wire()];
  const opening = RaftHost.open<number>({
    nodeId: b,
    storage: new MemoryStorage(),
    transport: wire,
    stateMachine: () => new Counter(),
    clock,
    timing,
    seed: 1,
    limits: { maxCampaignsPerTick: campaignsPerPass },
    onFatal: (error) => {
      throw error;
    },
  });
  await clock.rest();
  const host = await opening;
  const creating = host.createGroups(groups.map((group) => ({ group, voters: [a, b, c] })));
  await clock.rest();
  await creating;
  wire.beat();
  await clock.rest();
  for (const { leader } of host.statuses()) expect(leader).toBe(a);
  wire.sent.length = 0;
  return { clock, wire, host };
}

async function close(clock: ManualClock, host: RaftHost<number>): Promise<void> {
  const closing = host.close();
  await clock.rest();
  await closing;
}

describe('a process that stood still for ten election timeouts', () => {
  test('after a stall, what arrived is stepped before any election', async () => {
    const { clock, wire, host } = await followerOf256Groups();
    clock.time += 10_000;
    // The timer is due before the sockets are read: heartbeats that waited in them come a moment later.
    clock.fire();
    wire.beat();
    await clock.rest();
    expect(wire.campaigning()).toBe(0);
    for (const { leader, role } of host.statuses()) expect([leader, role]).toEqual([a, 'follower']);
    await close(clock, host);
  });

  test('where the leader is gone, elections start a few at a time', async () => {
    const { clock, wire, host } = await followerOf256Groups();
    clock.time += 10_000;
    clock.fire();
    await clock.rest();
    // What has just stood still does not ask to lead: first it keeps time for an election timeout.
    const keptTimeAt = clock.time + timing.electionTimeoutMs;
    while (clock.time <= keptTimeAt) {
      expect(wire.campaigning()).toBe(0);
      clock.time += 25;
      clock.fire();
      await clock.rest();
    }
    expect(wire.campaigning()).toBe(campaignsPerPass);
    for (let pass = 2; pass <= 256 / campaignsPerPass; pass += 1) {
      clock.time += 25;
      clock.fire();
      await clock.rest();
      expect(wire.campaigning()).toBe(pass * campaignsPerPass);
    }
    await close(clock, host);
  });
});
