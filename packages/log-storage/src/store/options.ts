import type { LogStorageError } from '../errors.js';

/** One batch that became durable. */
export interface WriteReport {
  /** Bytes of keys and values that were put. */
  readonly bytes: number;
  /** Operations, deletions included. */
  readonly ops: number;
  /** From the call to stable storage, in milliseconds. */
  readonly durationMs: number;
}

/** How long what state machines stage may stay out of the writes that come by. */
export interface StagedDelay {
  readonly ms: number;
  /** More than this does not stay. */
  readonly bytes: number;
}

export interface LogStoreOptions {
  /**
   * Bytes that LevelDB gathers in memory before it writes a table. Larger: fewer tables and rotations, but dearer
   * inserts, each of which walks through what is there, and a longer recovery (about 10 ms per MiB). Default: 16 MiB.
   */
  readonly writeBufferBytes?: number;
  /** Bytes of table blocks kept in memory. Default: 32 MiB. */
  readonly cacheBytes?: number;
  /** Bytes that state machines may stage before a write takes them. Default: 64 MiB. */
  readonly maxStagedBytes?: number;
  /**
   * A write takes along what has been staged for so long, and a write of nothing takes everything. A
   * record that changes with every command is then written once for many of them; after a crash the log
   * repeats so much more. Default: every write takes everything.
   */
  readonly stagedDelay?: StagedDelay;
  /** Called once, with the error that latched the store. */
  readonly onFailure?: (error: LogStorageError) => void;
  /** Called after each durable batch. */
  readonly onWrite?: (report: WriteReport) => void;
}
