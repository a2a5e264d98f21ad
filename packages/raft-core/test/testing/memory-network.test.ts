import { describe, expect, test } from '@jest/globals';
import { groupId, nodeId, term } from '../../src/ids.js';
import type { Message } from '../../src/message/message.js';
import { MemoryNetwork, transportConformance } from '../../src/testing/index.js';

const a = nodeId('a');
const b = nodeId('b');

function memoryPlace() {
  const network = new MemoryNetwork();
  return {
    transport: (self: typeof a) => network.transport(self),
    disconnect: (x: typeof a, y: typeof a) => network.disconnect(x, y),
    heal: () => network.heal(),
  };
}

describe('the in-memory network keeps the contract of Transport', () => {
  for (const { name, run } of transportConformance(memoryPlace)) test(name, run);
});

test('a cut is one way', async () => {
  const network = new MemoryNetwork();
  const received: string[] = [];
  const handler = (self: string) => ({
    receive: (from: string) => void received.push(`${from}>${self}`),
    peerDown: () => undefined,
    unreachable: () => undefined,
  });
  const [endA, endB] = [network.transport(a), network.transport(b)];
  await endA.open(handler('a'));
  await endB.open(handler('b'));
  const message = (from: typeof a, to: typeof a): Message => ({
    type: 'timeout_now',
    group: groupId(0),
    from,
    to,
    term: term(1),
  });
  network.cut(a, b);
  endA.send(b, [message(a, b)], 'control');
  endB.send(a, [message(b, a)], 'control');
  await new Promise((resolve) => setImmediate(resolve));
  expect(received).toEqual(['b>a']);
  network.heal();
  endA.send(b, [message(a, b)], 'control');
  await new Promise((resolve) => setImmediate(resolve));
  expect(received).toEqual(['b>a', 'a>b']);
});
