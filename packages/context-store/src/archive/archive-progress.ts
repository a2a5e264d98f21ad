import type { SeqRange } from '@fastpaca/token-budget';

/** What of a context's log is here, beside `archivedSeq`, which says what of it is in the archive. */
export interface ArchiveProgress {
  /** The local log has every message from here on; `lastSeq + 1` where it has none. */
  readonly localFrom: number;
  /** Messages before `localFrom` that stay, since the window pins them. Ascending, apart from one another. */
  readonly kept: readonly SeqRange[];
  /** Its place in the queue of contexts with messages that are not archived; 0: all of them are. */
  readonly place: number;
}

export const newProgress: ArchiveProgress = { localFrom: 1, kept: [], place: 0 };
