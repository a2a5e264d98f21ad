import { nodeId } from '@fastpaca/raft-core';
import { transportConformance } from '@fastpaca/raft-core/testing';
import { describe, expect, test } from '@jest/globals';

import { MemoryPeers } from '../support/memory-peers.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (payload: Uint8Array): string => Buffer.from(payload).toString();

const place = () => {
  const world = new MemoryPeers();
  return {
    transport: (self: ReturnType<typeof nodeId>) => world.network({ id: self, name: self }).transport,
    disconnect: (a: ReturnType<typeof nodeId>, b: ReturnType<typeof nodeId>) => world.disconnect(a, b),
    heal: () => world.heal(),
  };
};

describe('the network in memory carries Raft messages', () => {
  for (const { name, run } of transportConformance(place)) test(name, run);
});

const pair = () => {
  const world = new MemoryPeers();
  const a = world.network({ id: nodeId('a'), name: 'node-a' });
  const b = world.network({ id: nodeId('b'), name: 'node-b' });
  a.start();
  b.start();
  return { world, a, b };
};

test('a request is answered by the peer that it names, and names its sender', async () => {
  const { a, b } = pair();
  b.handle('echo', async (payload, from) => bytes(`${text(payload)} from ${from}`));
  const answer = await a.request(b.self.id, 'echo', bytes('hello'), { deadlineMs: 5_000 });
  expect(text(answer)).toBe('hello from a');
});

test('a request ends with the reason why there is no answer', async () => {
  const { world, a, b } = pair();
  const ask = (method: string, deadlineMs = 5_000) => a.request(b.self.id, method, bytes(''), { deadlineMs });
  await expect(ask('nothing')).rejects.toMatchObject({ code: 'peer_refused', notDelivered: false });
  b.handle('fail', () => Promise.reject(new Error('not today')));
  await expect(ask('fail')).rejects.toMatchObject({ code: 'peer_refused', message: 'not today' });
  b.handle('hang', () => new Promise(() => undefined));
  await expect(ask('hang', 10)).rejects.toMatchObject({ code: 'peer_timeout' });
  b.handle('part', () => {
    world.disconnect(a.self.id, b.self.id);
    return Promise.resolve(bytes('too late'));
  });
  await expect(ask('part')).rejects.toMatchObject({ code: 'peer_lost' });
  await expect(ask('fail')).rejects.toMatchObject({ code: 'peer_unreachable', notDelivered: true });
});

test('peers see who is there, what it announced, and that it went', async () => {
  const { world, a, b } = pair();
  let changes = 0;
  a.onChange(() => (changes += 1));
  b.announce({ clusterId: 'c1', state: 'member', detail: 'x' });
  expect(a.peers()).toMatchObject([
    { id: 'b', name: 'node-b', clusterId: 'c1', state: 'member', detail: 'x' },
  ]);
  world.isolate(b.self.id);
  expect(a.peers()).toEqual([]);
  world.heal();
  expect(a.peers()).toHaveLength(1);
  await b.close();
  expect(a.peers()).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(changes).toBeGreaterThanOrEqual(3);
});
