import type { WindowPolicy, WindowState } from '@fastpaca/token-budget';

import type { ArchiveProgress } from '../archive/archive-progress.js';
import type { ContextStatus, JsonObject, PolicyView } from './context-view.js';

/** The part of a context that an append changes: small, since every append rewrites it. */
export interface ContextRecord {
  /** Number of this life of the id within its group; see state/keys.ts. */
  readonly ordinal: number;
  readonly status: ContextStatus;
  readonly version: number;
  readonly lastSeq: number;
  /** Everything up to here is in the archive. */
  readonly archivedSeq: number;
  /** Milliseconds since 1970, by the clock of the gateway that made the command. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Append calls that wrote something: how old an entry of the dedupe queue is, in appends. */
  readonly appends: number;
  readonly queue: DedupeQueue;
  readonly window: WindowState;
  readonly archive: ArchiveProgress;
}

/**
 * The remembered keys by age: positions `head` to `tail`, `tail` exclusive. The age of the head is
 * kept here, so that an append knows without a read that nothing is to be forgotten.
 */
export interface DedupeQueue {
  readonly head: number;
  readonly tail: number;
  readonly headAppend: number;
  readonly headAt: number;
}

/** The part that only settings change: it may be large, and an append does not touch it. */
export interface ContextProfile {
  readonly tokenBudget: number;
  readonly triggerRatio: number;
  /** As stored: JSON texts. */
  readonly policyText: string;
  readonly metadataText: string;
  /** The same, parsed. */
  readonly policy: PolicyView;
  readonly rules: WindowPolicy;
  readonly metadata: JsonObject;
}

export interface StoredContext {
  readonly record: ContextRecord;
  readonly profile: ContextProfile;
}

/** Metadata larger than this is refused, also where patches made it so. */
export const maximumMetadataBytes = 65_536;
