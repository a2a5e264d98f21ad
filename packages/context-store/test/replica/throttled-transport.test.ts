import {
  groupId,
  logIndex,
  nodeId,
  term,
  type Clock,
  type Message,
  type Transport,
} from '@fastpaca/raft-core';
import { expect, test } from '@jest/globals';

import { ThrottledTransport } from '../../src/replica/throttled-transport.js';

/** Time that passes when the test says so. */
class ManualClock implements Clock {
  #now = 0;
  #tasks: { readonly at: number; readonly task: () => void }[] = [];
  now(): number {
    return this.#now;
  }
  schedule(task: () => void, ms: number): unknown {
    const entry = { at: this.#now + ms, task };
    this.#tasks.push(entry);
    return entry;
  }
  cancel(handle: unknown): void {
    this.#tasks = this.#tasks.filter((entry) => entry !== handle);
  }
  defer(task: () => void): void {
    this.schedule(task, 0);
  }
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.cancel(next);
      this.#now = next.at;
      next.task();
    }
    this.#now = end;
  }
}

const base = { group: groupId(1), from: nodeId('a'), to: nodeId('b'), term: term(1) };
const heartbeat: Message = { ...base, type: 'heartbeat', commit: logIndex(0), round: 1 };
const chunk = (bytes: number): Message => ({
  ...base,
  type: 'snapshot_chunk',
  id: 1,
  position: {
    index: logIndex(1),
    term: term(1),
    conf: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  },
  offset: 0,
  data: new Uint8Array(bytes),
  done: false,
  lastIndex: logIndex(1),
});

test('snapshots are sent at the given rate, in order, and hold up nothing else', () => {
  const clock = new ManualClock();
  const sent: string[] = [];
  const inner: Transport = {
    open: () => Promise.resolve(),
    send: (_to, messages) => sent.push(...messages.map(({ type }) => `${clock.now()} ${type}`)),
    close: () => Promise.resolve(),
  };
  const transport = new ThrottledTransport(inner, 1_000_000, clock);
  for (let n = 0; n < 3; n += 1) transport.send(nodeId('b'), [chunk(100_000)], 'bulk');
  transport.send(nodeId('b'), [heartbeat], 'control');
  clock.advance(1_000);
  expect(sent).toEqual(['0 snapshot_chunk', '0 heartbeat', '100 snapshot_chunk', '200 snapshot_chunk']);
});

test('what waits is bounded: the rest is dropped, as a network would', async () => {
  const clock = new ManualClock();
  let bytes = 0;
  const inner: Transport = {
    open: () => Promise.resolve(),
    send: (_to, messages) => {
      for (const message of messages) if (message.type === 'snapshot_chunk') bytes += message.data.length;
    },
    close: () => Promise.resolve(),
  };
  const transport = new ThrottledTransport(inner, 1 << 20, clock);
  for (let n = 0; n < 40; n += 1) transport.send(nodeId('b'), [chunk(1 << 20)], 'bulk');
  clock.advance(100_000);
  expect(bytes >> 20).toBe(17);
  transport.send(nodeId('b'), [chunk(1 << 20), chunk(1 << 20)], 'bulk');
  transport.send(nodeId('b'), [chunk(1 << 20)], 'bulk');
  await transport.close();
  clock.advance(100_000);
  expect(bytes >> 20).toBe(19);
});
