import { RaftError } from '../errors.js';
import { defaultLimits, defaultTiming } from '../group/options.js';
import type { GroupTiming } from '../group/options.js';
import type { CompactionOptions, HostLimits, RaftHostOptions, StagedFlushOptions } from './options.js';

export const defaultHostLimits: HostLimits = {
  ...defaultLimits,
  maxPendingProposals: 65_536,
  maxPendingBytes: 64 * 1024 * 1024,
  maxBatchBytes: 4 * 1024 * 1024,
  maxInboxMessages: 65_536,
  maxInboxBytes: 64 * 1024 * 1024,
  maxCampaignsPerTick: 32,
  maxChunkBytes: 256 * 1024,
  maxSnapshotSources: 4,
};

export const defaultCompaction: CompactionOptions = { entries: 1_024, bytes: 1024 * 1024, retain: 512 };

export const defaultStagedFlush: StagedFlushOptions = { delayMs: 50, bytes: 4 * 1024 * 1024 };

/** The options with their defaults. */
export interface Settings {
  readonly timing: GroupTiming;
  readonly limits: HostLimits;
  readonly compaction: CompactionOptions;
  readonly stagedFlush: StagedFlushOptions;
}

/** Throws `invalid_options` where they contradict each other. */
export function settingsOf<Result>(options: RaftHostOptions<Result>): Settings {
  const settings: Settings = {
    timing: { ...defaultTiming, ...options.timing },
    limits: { ...defaultHostLimits, ...options.limits },
    compaction: { ...defaultCompaction, ...options.compaction },
    stagedFlush: { ...defaultStagedFlush, ...options.stagedFlush },
  };
  const { heartbeatMs, electionTimeoutMs } = settings.timing;
  if (!(heartbeatMs > 0) || !(electionTimeoutMs >= 2 * heartbeatMs)) {
    throw new RaftError(
      'invalid_options',
      `electionTimeoutMs (${electionTimeoutMs}) must be at least twice heartbeatMs (${heartbeatMs}), and both above 0.`,
    );
  }
  for (const [name, value] of Object.entries({ ...settings.limits, ...settings.stagedFlush })) {
    if (!(value > 0))
      throw new RaftError('invalid_options', `${name} must be above 0, got ${String(value)}.`);
  }
  return settings;
}
