import type { GroupId, NodeId, Term } from '@fastpaca/raft-core';

import type { StoreObserver } from '../store-events.js';
import type { ChangeWaiters } from '../stream/change-waiters.js';
import { ContextStreams } from '../stream/context-streams.js';
import { Hops } from './hops.js';
import type { Leaderships } from './leaderships.js';
import { ListRouter } from './list-router.js';
import { PeerService } from './peer-service.js';
import { ReadRouter } from './read-router.js';
import { Routes, type LocalReplicas, type RemoteReplicas } from './routes.js';
import { WriteRouter } from './write-router.js';

export interface RouterOptions {
  readonly local: LocalReplicas;
  /** Where `local` tells who leads its groups. */
  readonly leaderships: Leaderships;
  /** Null: this node is alone. */
  readonly remote: RemoteReplicas | null;
  readonly waiters: ChangeWaiters;
  readonly observer: StoreObserver;
}

/** Takes every call of a store to the node that can serve it, and serves those of other nodes. */
export class Router {
  readonly writes: WriteRouter;
  readonly reads: ReadRouter;
  readonly lists: ListRouter;
  readonly streams: ContextStreams;
  readonly #service: PeerService;

  constructor({ local, leaderships, remote, waiters, observer }: RouterOptions) {
    const routes = new Routes(local, leaderships, remote);
    const hops = new Hops(remote?.peers ?? null, observer);
    this.writes = new WriteRouter(routes, hops, observer);
    this.reads = new ReadRouter(routes, hops, observer);
    this.lists = new ListRouter(routes, this.reads);
    this.streams = new ContextStreams(routes, this.reads, waiters);
    this.#service = new PeerService(routes, hops, this.streams, observer);
    if (remote !== null) this.#service.listen(remote.peers);
  }

  close(): void {
    this.#service.close();
  }
}

/** What a replica tells of the leader of one of its groups. */
export function noteLeader(
  leaderships: Leaderships,
  group: GroupId,
  leader: NodeId | null,
  term: Term,
): void {
  if (leader === null) leaderships.forget(group, term);
  else leaderships.learn(group, { node: leader, term });
}
