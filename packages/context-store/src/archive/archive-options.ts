import type { ArchiveAdapter } from '@fastpaca/archiver';

/** Where the messages of this store go, and how. */
export interface ArchiveOptions {
  /** The store closes it when it is closed itself. */
  readonly adapter: ArchiveAdapter;
  /** Newest messages of each context that stay here, archived or not; default 1,000. */
  readonly tailKeep?: number;
}

export const defaultTailKeep = 1_000;
