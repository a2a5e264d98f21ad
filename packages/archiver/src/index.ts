export type { ArchiveAdapter, WriteOutcome } from './archive-adapter.js';
export type { ArchiveRow } from './archive-row.js';
export type { Acknowledgement, ArchiveSource, PendingContext, PendingErasure } from './archive-source.js';
