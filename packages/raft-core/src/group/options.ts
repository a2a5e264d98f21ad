import type { GroupId, NodeId } from '../ids.js';
import type { Random } from '../random.js';

/** Milliseconds of the clock whose readings are passed to the group. */
export interface GroupTiming {
  /** Between a leader's heartbeats. Well below the election timeout. */
  readonly heartbeatMs: number;
  /** A follower campaigns after a random time from this to twice this without a leader. */
  readonly electionTimeoutMs: number;
}

export interface GroupLimits {
  /** Entry bytes in one `append` message; a single larger entry goes alone. */
  readonly maxAppendBytes: number;
  /** `append` messages under way to one follower. */
  readonly maxInflightMessages: number;
  /** Entry bytes under way to one follower. */
  readonly maxInflightBytes: number;
  /** Entries a leader holds uncommitted; further proposals are `overloaded`. */
  readonly maxUncommittedEntries: number;
  readonly maxUncommittedBytes: number;
  /** Bytes of one proposal; a larger one is `too_large`. */
  readonly maxEntryBytes: number;
  /** Entry bytes kept in memory for followers that lack them; storage has what does not fit. */
  readonly cacheBytes: number;
  /** Entry bytes handed out to be applied at once. */
  readonly maxApplyBytes: number;
  /** Local reads that wait for a read point. */
  readonly maxPendingReads: number;
}

export interface GroupOptions {
  readonly self: NodeId;
  readonly group: GroupId;
  readonly random: Random;
  readonly timing: GroupTiming;
  readonly limits: GroupLimits;
}

/** The thesis (9.3) recommends an election timeout of ten times the broadcast time or more. */
export const defaultTiming: GroupTiming = { heartbeatMs: 100, electionTimeoutMs: 1_000 };

export const defaultLimits: GroupLimits = {
  maxAppendBytes: 256 * 1024,
  maxInflightMessages: 64,
  maxInflightBytes: 4 * 1024 * 1024,
  maxUncommittedEntries: 16_384,
  maxUncommittedBytes: 16 * 1024 * 1024,
  maxEntryBytes: 8 * 1024 * 1024,
  cacheBytes: 256 * 1024,
  maxApplyBytes: 1024 * 1024,
  maxPendingReads: 16_384,
};
