import { systemClock, type Transport } from '@fastpaca/raft-core';

import { Archive } from './archive/archive.js';
import { Cluster } from './cluster/cluster.js';
import { clusterDefaults } from './cluster/cluster-options.js';
import { NodeFile } from './cluster/node-file.js';
import type { PeerNetwork } from './peer/peer-network.js';
import { Replica } from './replica/replica.js';
import { ThrottledTransport } from './replica/throttled-transport.js';
import { Leaderships } from './routing/leaderships.js';
import { noteLeader, Router } from './routing/router.js';
import type { ContextStoreOptions } from './store-options.js';
import { ChangeWaiters } from './stream/change-waiters.js';

/** What a store is made of. */
export interface StoreParts {
  readonly replica: Replica;
  readonly router: Router;
  readonly waiters: ChangeWaiters;
  readonly cluster: Cluster;
  /** Null: the node has no links to others. */
  readonly network: PeerNetwork | null;
  /** Null: there is none. */
  readonly archive: Archive | null;
}

/** Puts the parts together and starts them. @throws what `ContextStore.open` throws */
export async function openParts(options: ContextStoreOptions): Promise<StoreParts> {
  const waiters = new ChangeWaiters();
  const leaderships = new Leaderships();
  const node = NodeFile.open(options.directory, { name: options.nodeName, groups: options.groups });
  const network = options.cluster?.network?.(node.self) ?? null;
  let cluster: Cluster | null = null;
  let archive: Archive | null = null;
  const replica = await Replica.open({
    store: options,
    self: node.self.id,
    groups: node.groups,
    ...(network && { transport: throttled(network, options) }),
    onChange: (write) => {
      archive?.changed(write);
      if (write === null) waiters.wakeAll();
      else if (write.changes.some(({ type }) => type !== 'archived')) waiters.wake(write.id);
    },
    onLeader: (group, leader, term) => {
      noteLeader(leaderships, group, leader, term);
      cluster?.leaderChanged();
    },
    onFacts: () => cluster?.factsChanged(),
  });
  archive = openArchive(options, replica);
  cluster = new Cluster({
    node,
    replica,
    network,
    options: options.cluster ?? {},
    onFatal: options.onFatal,
  });
  // Before others can reach this node: it serves them from the first moment on.
  const router = new Router({
    local: replica,
    leaderships,
    remote: network && { peers: network, view: cluster },
    waiters,
    observer: options.observer ?? {},
  });
  const parts: StoreParts = { replica, router, waiters, cluster, network, archive };
  try {
    await cluster.start();
    archive?.start();
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
  return parts;
}

/** Ends what is under way, and lets go of the directory. */
export async function closeParts(parts: StoreParts): Promise<void> {
  const { replica, router, waiters, cluster, network, archive } = parts;
  waiters.close();
  cluster.stop();
  router.close();
  await archive?.stop();
  await replica.close();
  await network?.close();
}

function throttled(network: PeerNetwork, { cluster, raft }: ContextStoreOptions): Transport {
  const rate = cluster?.moveBytesPerSecond ?? clusterDefaults.moveBytesPerSecond;
  return new ThrottledTransport(network.transport, rate, raft?.clock ?? systemClock);
}

function openArchive({ archive, observer, now }: ContextStoreOptions, replica: Replica): Archive | null {
  if (archive === undefined) return null;
  return new Archive({
    options: archive,
    local: replica,
    observer: observer?.archive ?? {},
    now: now ?? Date.now,
  });
}
