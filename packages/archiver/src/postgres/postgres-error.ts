import pg from 'pg';
import { ArchiveError, type ArchiveErrorCode } from '../archive-error.js';

/** What to say for each code that Postgres' errors turn into. */
const advice: Record<ArchiveErrorCode, string> = {
  archive_unavailable: 'Postgres cannot be reached or does not answer in time',
  archive_read_only:
    'Postgres takes no writes: connect to the primary, or turn default_transaction_read_only off',
  archive_full: 'Postgres has no disk space left: make room, nothing is lost meanwhile',
  archive_denied: 'Postgres refuses the user: check the user, password, database and rights in DATABASE_URL',
  archive_schema: 'The tables of the archive are missing or of another shape: run the migrations',
  archive_failed: 'Postgres failed',
  archive_closed: 'The archive is closed',
};

/** By SQLSTATE, or by its first two characters. See the appendix on error codes of Postgres' manual. */
const codes: Readonly<Record<string, ArchiveErrorCode>> = {
  '08': 'archive_unavailable', // connection exceptions
  '40': 'archive_unavailable', // serialization failures and deadlocks: the same again succeeds
  '53': 'archive_unavailable', // out of memory, too many connections
  '53100': 'archive_full',
  '55P03': 'archive_unavailable', // lock_not_available
  '57': 'archive_unavailable', // cancelled, shutting down, starting up
  '58': 'archive_unavailable', // I/O errors
  '25006': 'archive_read_only',
  '28': 'archive_denied',
  '3D000': 'archive_denied', // no such database
  '42501': 'archive_denied', // insufficient privilege
  '42': 'archive_schema', // no such table, no such column, another type
  '3F': 'archive_schema', // no such schema
  '23': 'archive_schema', // a constraint that is not ours
};

export function toArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error && error.message !== '' ? error.message : innerMessage(error);
  return new ArchiveError(code, `${advice[code]}. (${detail})`, error);
}

function codeOf(error: unknown): ArchiveErrorCode {
  // Without a SQLSTATE it came from the socket, from a deadline, or from the pool.
  if (!(error instanceof pg.DatabaseError)) return 'archive_unavailable';
  const state = error.code ?? '';
  // A full disk also shows as a file that cannot be written, which has the code of any I/O error.
  if (state.startsWith('58') && /no space left/i.test(error.message)) return 'archive_full';
  return codes[state] ?? codes[state.slice(0, 2)] ?? 'archive_failed';
}

/** A refused connection to several addresses is an AggregateError without a message. */
function innerMessage(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
  }
  return String(error);
}

/** Whether a row is to blame: its text is no JSON for Postgres, a number is too large, a limit is exceeded. */
export function isDataError(error: unknown): error is pg.DatabaseError {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code?.startsWith('22') === true || error.code?.startsWith('54') === true;
}
