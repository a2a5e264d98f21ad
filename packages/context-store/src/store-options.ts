import type { Clock, GroupTiming, HostLimits } from '@fastpaca/raft-core';
import type { TokenEstimator } from '@fastpaca/token-budget';

import type { ClusterOptions } from './cluster/cluster-options.js';
import type { ArchiveOptions } from './archive/archive-options.js';
import type { StoreObserver } from './store-events.js';

export const defaultDeadlineMs = 5_000;

export interface ContextStoreOptions {
  /** Where identity, logs and state live. Made if it is not there; one process at a time. */
  readonly directory: string;
  /**
   * This node, as people and other nodes call it: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. It belongs
   * to the directory and cannot change. Default: the name in the directory, or else a random UUID.
   */
  readonly nodeName?: string;
  /** Counts the messages that come without `tokenCount`. The store does not close it. */
  readonly estimator: TokenEstimator;
  /**
   * Called once when a disk or a group failed for good. Every later call fails; end the process,
   * remove the cause, start again.
   */
  readonly onFatal: (error: Error) => void;
  /** Raft groups. Fixed when the directory is made; default 256. */
  readonly groups?: number;
  /** Memory for contexts and windows, in bytes; default 64 MiB. */
  readonly cacheBytes?: number;
  /** Milliseconds that a call without `deadlineMs` waits, and one read of the archive; default 5,000. */
  readonly deadlineMs?: number;
  /** Milliseconds since 1970, for `inserted_at` and the like. Default: `Date.now`. */
  readonly now?: () => number;
  readonly observer?: StoreObserver;
  /** Default: this node is a cluster of its own. */
  readonly cluster?: ClusterOptions;
  /** Moves messages into an archive, and reads on there. Default: all of them stay here for good. */
  readonly archive?: ArchiveOptions;
  /** Passed to the Raft host; for tests and for tuning. */
  readonly raft?: {
    readonly timing?: Partial<GroupTiming>;
    readonly limits?: Partial<HostLimits>;
    readonly clock?: Clock;
    readonly seed?: number;
  };
}
