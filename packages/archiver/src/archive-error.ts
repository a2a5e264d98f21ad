/**
 * - `archive_unavailable`: it does not answer, refuses connections or answers too late. Goes away by itself.
 * - `archive_read_only`: it takes no writes, as a standby or with `default_transaction_read_only`.
 * - `archive_full`: its disk is full.
 * - `archive_denied`: the user, the password or a right is wrong.
 * - `archive_schema`: a table is missing or of another shape; the message says which column.
 * - `archive_failed`: an error that none of the others describes; `cause` has it.
 * - `archive_closed`: called after `close`.
 */
export type ArchiveErrorCode =
  | 'archive_unavailable'
  | 'archive_read_only'
  | 'archive_full'
  | 'archive_denied'
  | 'archive_schema'
  | 'archive_failed'
  | 'archive_closed';

/** Every error of an adapter. `code` is stable; `message` says what is wrong and what to do. */
export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ArchiveError';
    this.code = code;
  }
}
