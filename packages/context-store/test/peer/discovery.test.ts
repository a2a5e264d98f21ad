import { afterEach, describe, expect, test } from '@jest/globals';

import { freePort, PeerNode, until } from '../support/peer-node.js';
import type { PeerNodeOptions } from '../support/peer-node.js';

const nodes: PeerNode[] = [];
const start = async (options: PeerNodeOptions): Promise<PeerNode> => {
  const node = await PeerNode.start(options);
  nodes.push(node);
  return node;
};
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

const complete = (node: PeerNode): boolean =>
  node.network.status().peers.every(({ lanes }) => lanes.control.connected && lanes.bulk.connected);

describe('nodes find each other', () => {
  test('any seed leads to all, and each pair has one connection per lane', async () => {
    const a = await start({ id: 'a' });
    const b = await start({ id: 'b', seeds: [a.seed] });
    const c = await start({ id: 'c', seeds: [b.seed] });
    const d = await start({ id: 'd', seeds: [b.seed] });
    await until('four that see three others', () => nodes.every((node) => node.peerNames.length === 3));
    expect(a.peerNames).toEqual(['node-b', 'node-c', 'node-d']);
    await until('both lanes of all', () => nodes.every(complete));
    expect(c.network.peers().find(({ name }) => name === 'node-a')).toMatchObject({
      id: 'a',
      address: a.seed,
      protocolVersion: 2,
    });
    await until(
      'no connection beyond one per lane and pair',
      () => nodes.reduce((sum, node) => sum + node.accepted.length, 0) === 2 * 6,
    );
    expect(nodes.every(complete)).toBe(true);
    expect(d.network.refusals()).toEqual([]);
  });

  test('nodes that dial each other at the same time keep one connection per lane, and lose nothing', async () => {
    const ports = [await freePort(), await freePort()];
    const [a, b] = await Promise.all([
      start({ id: 'a', port: ports[0], seeds: [`127.0.0.1:${ports[1]}`] }),
      start({ id: 'b', port: ports[1], seeds: [`127.0.0.1:${ports[0]}`] }),
    ]);
    await until('both see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    await until('both lanes', () => complete(a) && complete(b));
    await until('one connection per lane', () => a.accepted.length + b.accepted.length === 2);
    expect(
      [a, b].map(({ events }) => events.map(({ kind }) => kind).filter((kind) => kind.startsWith('peer'))),
    ).toEqual([['peer_up'], ['peer_up']]);
  });

  test('all addresses behind a name are dialled', async () => {
    const a = await start({ id: 'a' });
    const b = await start({
      id: 'b',
      seeds: [`all-nodes:${a.port}`],
      lookup: () => Promise.resolve(['127.0.0.3', '127.0.0.1']),
    });
    await until('b finds a', () => b.peerNames.length === 1);
    const deaf = `127.0.0.3:${a.port}`;
    await until('the address where nobody listens is known to fail', () =>
      b.network.status().addresses.some(({ address, state }) => address === deaf && state === 'failing'),
    );
    expect(b.events).toContainEqual(expect.objectContaining({ kind: 'dial_failed', address: deaf }));
  });

  test('a node has looked once every address of its seeds was tried and whoever is there has said what it is', async () => {
    const a = await start({ id: 'a' });
    expect(a.network.hasLooked()).toBe(true);
    let answer: (hosts: readonly string[]) => void = () => undefined;
    const b = await start({
      id: 'b',
      seeds: [`127.0.0.3:${a.port}`, `slow:${a.port}`],
      lookup: () => new Promise((resolve) => (answer = resolve)),
    });
    await until('the first address to fail', () =>
      b.network.status().addresses.some(({ state }) => state === 'failing'),
    );
    expect(b.network.hasLooked()).toBe(false);
    answer(['127.0.0.1']);
    await until('it to have looked', () => b.network.hasLooked());
    expect(b.peerNames).toEqual(['node-a']);
  });

  test('a node ignores itself silently', async () => {
    const port = await freePort();
    const a = await start({ id: 'a', port, seeds: [`127.0.0.1:${port}`] });
    await until('its own address is known as such', () =>
      a.network.status().addresses.some(({ address, state }) => address === a.seed && state === 'self'),
    );
    expect(a.events).toEqual([]);
    expect(a.network.refusals()).toEqual([]);
    expect(a.peerNames).toEqual([]);
  });

  test('a seed that cannot be resolved is told once, and found once it can be', async () => {
    const a = await start({ id: 'a' });
    let known = false;
    const b = await start({
      id: 'b',
      seeds: [`later:${a.port}`],
      lookup: () => (known ? Promise.resolve(['127.0.0.1']) : Promise.reject(new Error('no such host'))),
    });
    await until('it is told', () => b.events.length > 0);
    expect(b.network.status().addresses).toEqual([
      { address: `later:${a.port}`, state: 'failing', error: 'no such host' },
    ]);
    known = true;
    await until('b finds a', () => b.peerNames.length === 1);
    expect(b.events.filter(({ kind }) => kind === 'dial_failed')).toHaveLength(1);
  });

  test('a node that comes back is connected again', async () => {
    const a = await start({ id: 'a' });
    const b = await PeerNode.start({ id: 'b', seeds: [a.seed] });
    await until('a sees b', () => a.peerNames.length === 1);
    await b.close();
    await until('a sees b go', () => a.peerNames.length === 0);
    await start({ id: 'b', seeds: [a.seed] });
    await until('a sees b again', () => a.peerNames.length === 1);
    expect(a.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['peer_up', 'peer_down', 'peer_up']),
    );
    expect(a.network.refusals()).toEqual([]);
  });
});
