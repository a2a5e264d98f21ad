import { nodeId } from '@fastpaca/raft-core';
import { afterEach, describe, expect, test } from '@jest/globals';

import { openPeerNetwork } from '../../src/peer/open-peer-network.js';
import type { PeerRefusalCode } from '../../src/peer/peer-status.js';
import { PeerNode, secret, until } from '../support/peer-node.js';
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

const codes = ({ network }: PeerNode): PeerRefusalCode[] => network.refusals().map(({ code }) => code);
/** Both sides know, with the same words, and have told once. */
const refusedOnBoth = async (one: PeerNode, other: PeerNode, code: PeerRefusalCode): Promise<string> => {
  await until(`${code} on both sides`, () => [one, other].every((node) => codes(node).includes(code)));
  const [reason, same] = [one, other].map(
    ({ network }) => network.refusals().find((refusal) => refusal.code === code)?.reason,
  );
  expect(reason).toBe(same);
  for (const { events } of [one, other]) {
    expect(events.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
    const again = events.filter(({ kind, message }) => kind !== 'refused' && message.includes(reason ?? '-'));
    expect(again.filter(({ kind }) => kind === 'dial_failed')).toEqual([]);
  }
  return reason ?? '';
};

describe('a node is refused, with words that say what to do', () => {
  test('with another secret', async () => {
    const a = await start({ id: 'a' });
    const b = await start({ id: 'b', seeds: [a.seed], secret: 'another' });
    expect(await refusedOnBoth(a, b, 'wrong_secret')).toContain(
      'Set FASTPACA_CLUSTER_SECRET to the same value',
    );
    expect([a.peerNames, b.peerNames]).toEqual([[], []]);
  });

  test('by a node without a secret', async () => {
    const a = await start({ id: 'a', secret: null });
    const b = await start({ id: 'b', seeds: [a.seed] });
    expect(await refusedOnBoth(a, b, 'no_secret')).toContain('Set FASTPACA_CLUSTER_SECRET');
  });

  test('as a member of another cluster', async () => {
    const a = await PeerNode.create({ id: 'a' });
    const b = await PeerNode.create({ id: 'b', seeds: [a.seed] });
    nodes.push(a, b);
    a.network.announce({ clusterId: 'one', state: 'member', detail: '' });
    b.network.announce({ clusterId: 'two', state: 'member', detail: '' });
    a.network.start();
    b.network.start();
    const reason = await refusedOnBoth(a, b, 'other_cluster');
    expect(reason).toContain('member of cluster one');
    expect(reason).toContain('node-b of two');
    expect(reason).toContain('empty data directory');
    expect(a.peerNames).toEqual([]);
  });

  test('as soon as it turns out to be a member of another cluster', async () => {
    const a = await start({ id: 'a' });
    const b = await start({ id: 'b', seeds: [a.seed] });
    await until('both see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    a.network.announce({ clusterId: 'one', state: 'member', detail: '' });
    expect(codes(a)).toEqual([]);
    b.network.announce({ clusterId: 'two', state: 'member', detail: '' });
    await refusedOnBoth(a, b, 'other_cluster');
    await until('they part', () => a.peerNames.length === 0 && b.peerNames.length === 0);
  });

  test('as a copy of a data directory whose node is running', async () => {
    const a = await start({ id: 'a' });
    const original = await start({ id: 'x', name: 'original', seeds: [a.seed] });
    await until('a sees the original', () => a.peerNames.length === 1);
    const copy = await start({ id: 'x', name: 'copy', seeds: [a.seed] });
    await until('the copy is refused', () => codes(copy).includes('copied_directory'));
    expect(copy.network.refusals()[0]?.reason).toContain('a data directory was copied');
    expect(a.peerNames).toEqual(['original']);
    // The original itself refuses its copy too.
    const other = await start({ id: 'x', name: 'other', seeds: [original.seed] });
    await until('the other is refused', () => codes(other).includes('copied_directory'));
    expect(a.events.filter(({ kind }) => kind === 'peer_down')).toEqual([]);
  });

  test('without a version of the protocol in common', async () => {
    const a = await start({ id: 'a', versions: { min: 1, max: 2 } });
    const b = await start({ id: 'b', seeds: [a.seed], versions: { min: 3, max: 4 } });
    expect(await refusedOnBoth(a, b, 'version')).toContain('1 to 2');
  });

  test('when this node was told to, until it is told otherwise', async () => {
    const a = await start({ id: 'a' });
    const b = await start({ id: 'b', seeds: [a.seed] });
    await until('both see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    a.network.refuse(nodeId('b'), 'node-b was removed. Empty its data directory to let it join again.');
    await until('b knows', () => codes(b).includes('refused_node'));
    expect(b.network.refusals()[0]?.reason).toContain('was removed');
    await until('they part', () => a.peerNames.length === 0 && b.peerNames.length === 0);
    a.network.refuse(nodeId('b'), null);
    await until('b is back', () => a.peerNames.length === 1);
  });
});

describe('two neighbouring versions work together', () => {
  const neighbours = [
    { own: { min: 1, max: 2 }, other: { min: 1, max: 1 }, common: 1 },
    { own: { min: 1, max: 2 }, other: { min: 2, max: 3 }, common: 2 },
    { own: { min: 0, max: 1 }, other: { min: 1, max: 2 }, common: 1 },
  ];
  test.each(neighbours)('$own with $other speak $common', async ({ own, other, common }) => {
    const a = await start({ id: 'a', versions: own });
    const b = await start({ id: 'b', seeds: [a.seed], versions: other });
    await until('they see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    expect(a.network.peers()[0]?.protocolVersion).toBe(common);
    expect(b.network.peers()[0]?.protocolVersion).toBe(common);
    a.network.handle('echo', (payload) => Promise.resolve(payload));
    const answer = await b.network.request(nodeId('a'), 'echo', Buffer.from('x'), { deadlineMs: 5_000 });
    expect(Buffer.from(answer).toString()).toBe('x');
  });
});

describe('a node does not start', () => {
  const self = { id: nodeId('a'), name: 'node-a' };

  test.each([null, ''])('with seeds and the secret %p, and says what to set', (none) => {
    expect(() => openPeerNetwork({ self, port: 4000, secret: none, seeds: ['b:4000'] })).toThrow(
      expect.objectContaining({
        code: 'secret_missing',
        message: expect.stringContaining('set FASTPACA_CLUSTER_SECRET'),
      }),
    );
  });

  test.each(['b', 'b:', ':4000', 'b:0', 'b:70000', 'http://b:4000', '[b]:4000', 'fd00::1:4000'])(
    'with %p as a seed',
    (seed) => {
      expect(() => openPeerNetwork({ self, port: 4000, secret, seeds: [seed] })).toThrow(
        expect.objectContaining({ code: 'invalid_seed', message: expect.stringContaining(seed) }),
      );
    },
  );
});
