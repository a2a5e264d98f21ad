import { ArchiveError, type ArchiveErrorCode } from '../archive-error.js';
import { systemCode } from './system-code.js';

const codes: Readonly<Record<string, readonly [ArchiveErrorCode, string]>> = {
  ENOSPC: ['archive_full', 'The disk of the archive is full: make room, nothing is lost meanwhile'],
  EDQUOT: ['archive_full', 'The quota of the archive is used up: make room, nothing is lost meanwhile'],
  EROFS: ['archive_read_only', 'The file system of the archive takes no writes'],
  EACCES: ['archive_denied', 'The archive may not use its directory: check its owner and mode'],
  EPERM: ['archive_denied', 'The archive may not use its directory: check its owner and mode'],
};

export function toDirectoryError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const [code, what] = codes[systemCode(error)] ?? ['archive_failed', 'The directory of the archive failed'];
  return new ArchiveError(
    code,
    `${what}. (${error instanceof Error ? error.message : String(error)})`,
    error,
  );
}
