import { readFileSync } from 'node:fs';
import { openPeerNetwork, type ClusterOptions, type NodeRef, type PeerEvent } from '@fastpaca/context-store';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';

/** What nodes without any secret share: links then are as open as the API without a key. */
const openSecret = 'fastpaca';

/** How this node finds others and lives with them. */
export function clusterOptions(configuration: Configuration, log: Logger): ClusterOptions {
  const { port, clusterSeed, clusterSize, clusterSecret, apiKeys, tlsCertFile } = configuration;
  const secret = clusterSecret ?? apiKeys[0] ?? openSecret;
  if (clusterSeed.length > 0 && secret === openSecret) {
    log.warn(
      { type: 'cluster_without_secret' },
      'no secret: whoever reaches the port can join the cluster; set FASTPACA_CLUSTER_SECRET or FASTPACA_API_KEY',
    );
  }
  const network = (self: NodeRef) =>
    openPeerNetwork({
      self,
      secret,
      seeds: clusterSeed,
      port,
      ...(tlsCertFile === undefined ? {} : { tls: {} }),
      onEvent: (event) => logEvent(event, log),
    });
  return {
    size: clusterSize ?? (clusterSeed.length > 0 ? 3 : 1),
    graceMs: configuration.clusterGraceMs,
    maximumMoves: configuration.clusterMaxMoves,
    moveBytesPerSecond: configuration.clusterMoveBytesPerSecond,
    version: packageVersion(),
    // On any free port nobody would find it.
    ...(port === 0 ? {} : { network }),
    onStanding: (reason, refused) => {
      if (reason === null) log.info({ type: 'cluster_joined' }, 'part of the cluster');
      else if (refused) log.error({ type: 'cluster_refused', reason }, reason);
      else log.info({ type: 'cluster_waiting', reason }, reason);
    },
  };
}

function logEvent(event: PeerEvent, log: Logger): void {
  switch (event.kind) {
    case 'peer_up':
    case 'peer_down':
      log.info({ type: event.kind, peer: event.id }, event.message);
      return;
    case 'refused':
      log.error({ type: 'peer_refused', code: event.refusal.code }, event.message);
      return;
    case 'dial_failed':
      log.info({ type: event.kind, address: event.address }, event.message);
      return;
  }
}

/** Of the server's package, which lies two folders up from the sources and from what is built of them. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
