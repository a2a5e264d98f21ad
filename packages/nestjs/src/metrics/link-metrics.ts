import type { ContextStore } from '@fastpaca/context-store';
import { Counter, Gauge, type Registry } from 'prom-client';

type Network = Pick<NonNullable<ContextStore['network']>, 'status'>;
type Peer = ReturnType<Network['status']>['peers'][number];
type Traffic = Peer['lanes']['control'];

const lanes = ['control', 'bulk'] as const;

/** The links to other nodes, read when they are scraped. A peer that has gone stays for some minutes. */
export function watchLinks(registry: Registry, network: Network): void {
  const registers = [registry];
  const ofPeers = (name: string, help: string, read: (peer: Peer) => number | null): void => {
    new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers,
      collect() {
        this.reset();
        for (const peer of network.status().peers) {
          const value = read(peer);
          if (value !== null) this.set({ peer: peer.name }, value);
        }
      },
    });
  };
  const total = (name: string, help: string, read: (lane: Traffic) => Record<string, number>): void => {
    new Counter({
      name,
      help,
      labelNames: ['peer', 'lane', 'kind'],
      registers,
      collect() {
        // The link counts; this only shows it.
        this.reset();
        for (const peer of network.status().peers) {
          for (const lane of lanes) {
            for (const [kind, value] of Object.entries(read(peer.lanes[lane]))) {
              this.inc({ peer: peer.name, lane, kind }, value);
            }
          }
        }
      },
    });
  };
  ofPeers(
    'fastpaca_peer_connected',
    'Whether the node is connected with the peer',
    ({ lanes: { control } }) => Number(control.connected),
  );
  ofPeers('fastpaca_peer_round_trip_seconds', 'Smoothed round trip to the peer', ({ rttMs }) =>
    rttMs === null ? null : rttMs / 1000,
  );
  ofPeers('fastpaca_peer_queued_bytes', 'Bytes that wait to be sent to the peer', (peer) =>
    lanes.reduce((bytes, lane) => bytes + peer.lanes[lane].queuedBytes, 0),
  );
  total('fastpaca_peer_bytes_total', 'Bytes to (kind sent) and from (received) the peer', (lane) => ({
    sent: lane.sentBytes,
    received: lane.receivedBytes,
  }));
  total(
    'fastpaca_peer_messages_total',
    'Websocket messages to (sent) and from (received) the peer; dropped: Raft frames without room or connection',
    (lane) => ({ sent: lane.sentFrames, received: lane.receivedFrames, dropped: lane.dropped }),
  );
  total('fastpaca_peer_connections_total', 'Connections made with the peer', ({ connects }) => ({
    made: connects,
  }));
  new Counter({
    name: 'fastpaca_peer_refusals_total',
    help: 'Connections between nodes that were refused, by either side',
    registers,
    collect() {
      this.reset();
      this.inc(network.status().refused);
    },
  });
}
