import type { ContextStore } from '@fastpaca/context-store';
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { watchLinks } from '../../src/metrics/link-metrics.js';

type Status = ReturnType<NonNullable<ContextStore['network']>['status']>;
type Peer = Status['peers'][number];

const lane = (sentBytes: number): Peer['lanes']['control'] => ({
  connected: true,
  sentBytes,
  receivedBytes: 20,
  sentFrames: 3,
  receivedFrames: 4,
  dropped: 5,
  queuedBytes: 6,
  connects: 7,
});
const peer = (name: string, rttMs: number | null): Peer => ({
  id: `id of ${name}` as Peer['id'],
  name,
  lanes: { control: lane(10), bulk: { ...lane(1_000), connected: false } },
  rttMs,
  requesting: 0,
  serving: 0,
});

test('the links to peers are series of each peer and lane, as they are at the scrape', async () => {
  let status: Status = {
    peers: [peer('one', 2), peer('two', null)],
    addresses: [],
    unauthenticated: 0,
    refused: 8,
  };
  const registry = new Registry();
  watchLinks(registry, { status: () => status });
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => /^[^#]/.test(line));
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'fastpaca_peer_connected{peer="one"} 1',
      'fastpaca_peer_round_trip_seconds{peer="one"} 0.002',
      'fastpaca_peer_queued_bytes{peer="two"} 12',
      'fastpaca_peer_bytes_total{peer="one",lane="control",kind="sent"} 10',
      'fastpaca_peer_bytes_total{peer="two",lane="bulk",kind="sent"} 1000',
      'fastpaca_peer_messages_total{peer="one",lane="bulk",kind="dropped"} 5',
      'fastpaca_peer_connections_total{peer="one",lane="control",kind="made"} 7',
      'fastpaca_peer_refusals_total 8',
    ]),
  );
  expect((await lines()).some((line) => line.startsWith('fastpaca_peer_round_trip_seconds{peer="two"'))).toBe(
    false,
  );
  status = { ...status, peers: [peer('two', 1)], refused: 9 };
  const later = await lines();
  expect(later).toContain('fastpaca_peer_refusals_total 9');
  expect(later.filter((line) => line.includes('peer="one"'))).toEqual([]);
});
