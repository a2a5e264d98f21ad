export type { ArchiveAdapter, WriteOutcome } from './archive-adapter.js';
export { ArchiveError } from './archive-error.js';
export type { ArchiveErrorCode } from './archive-error.js';
export type { ArchiveRow } from './archive-row.js';
export type { Acknowledgement, ArchiveSource, PendingContext, PendingErasure } from './archive-source.js';
