import type { ArchiveAdapter, ArchiverObserver } from '@fastpaca/archiver';

/** Where the messages of this store go, and how. */
export interface ArchiveOptions {
  /** The store closes it when it is closed itself. */
  readonly adapter: ArchiveAdapter;
  /**
   * Whether the store runs the adapter's migrations. It opens without waiting for them, and tries until
   * they succeed; messages stay here meanwhile. Default: true.
   */
  readonly migrate?: boolean;
  /** Milliseconds between two looks for new messages; default 5,000. */
  readonly flushIntervalMs?: number;
  /** Rows of one write to the archive; default 5,000. */
  readonly batchSize?: number;
  /**
   * Newest messages of each context that stay here, archived or not; default 1,000. A lower number
   * reaches a context with the next of its messages that is archived.
   */
  readonly tailKeep?: number;
}

/** Hooks for metrics and logs of the archive. */
export interface ArchiveObserver extends Pick<
  ArchiverObserver,
  'onAttempt' | 'onWritten' | 'onRefused' | 'onFailure' | 'onErased'
> {
  /** The archive has the tables that it needs. */
  onMigrated?(): void;
}

export const archiveDefaults = { migrate: true, flushIntervalMs: 5_000, batchSize: 5_000, tailKeep: 1_000 };
