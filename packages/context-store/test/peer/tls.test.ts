import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';

import { Forwarder } from '../support/forwarder.js';
import { PeerNode, until } from '../support/peer-node.js';
import type { PeerNodeOptions } from '../support/peer-node.js';

type Certificate = NonNullable<PeerNodeOptions['certificate']>;
let own: Certificate;
let other: Certificate;
const newCertificate = async (): Promise<Certificate> => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'a-name-that-nobody-dials' }]);
  return { cert, key };
};
beforeAll(async () => {
  [own, other] = [await newCertificate(), await newCertificate()];
});

let nodes: PeerNode[] = [];
const pair = async (forA: Partial<PeerNodeOptions>, forB: Partial<PeerNodeOptions>): Promise<PeerNode[]> => {
  const a = await PeerNode.start({ id: 'a', ...forA });
  const b = await PeerNode.start({ id: 'b', seeds: [a.seed], ...forB });
  nodes = [a, b];
  return nodes;
};
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

const see = (node: PeerNode | undefined): number => node?.peerNames.length ?? 0;
const failing = (node: PeerNode | undefined): string =>
  node?.network.status().addresses.find(({ state }) => state === 'failing')?.error ?? '';

describe('nodes that serve TLS', () => {
  test('dial each other with it; any certificate will do, since the secret proves the node', async () => {
    const [a, b] = await pair({ certificate: own, tls: {} }, { certificate: other, tls: {} });
    await until('they see each other', () => see(a) === 1 && see(b) === 1);
    await until('both lanes', () => a?.network.status().peers[0]?.lanes.bulk.connected === true);
  });

  test('take no certificate of another authority where one is named', async () => {
    const [a, b] = await pair({ certificate: own, tls: { ca: own.cert } }, { tls: { ca: other.cert } });
    await until('the reason is known', () => failing(b).includes('self-signed certificate'));
    expect([see(a), see(b)]).toEqual([0, 0]);
  });

  test('take the one of the authority that is named, whatever the name in it', async () => {
    const [a, b] = await pair({ certificate: own, tls: {} }, { tls: { ca: own.cert } });
    await until('they see each other', () => see(a) === 1 && see(b) === 1);
  });

  test('refuse a handshake that somebody forwards over a TLS connection of their own', async () => {
    // The forwarder ends TLS with its own certificate, and passes every byte on.
    const a = await PeerNode.start({ id: 'a', certificate: own, tls: {} });
    const forwarder = await Forwarder.to(a.port, other);
    const b = await PeerNode.start({ id: 'b', seeds: [forwarder.seed], tls: {} });
    nodes = [a, b];
    await until('both refuse', () =>
      nodes.every(({ network }) => network.refusals().some(({ code }) => code === 'wrong_secret')),
    );
    expect([see(a), see(b)]).toEqual([0, 0]);
    await forwarder.close();
  });
});
