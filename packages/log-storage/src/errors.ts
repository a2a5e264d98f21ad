/**
 * - `store_locked`: another process, or another `LogStore` of this one, has the directory open.
 * - `store_damaged`: what is on disk is not what was written. Nothing was changed.
 * - `store_version`: the directory was written by another version of this package.
 * - `store_failed`: a read or write failed. Final: the store takes nothing more until it is opened anew.
 * - `store_closed`: called after `close`, or before `open`.
 * - `staged_full`: state machines staged more than the limit and no write took it.
 * - `invalid_write`: the caller broke the contract of `RaftStorage`; nothing was written.
 * - `out_of_range`: a read of entries that are compacted, or not there yet.
 * - `invalid_key`: a key or a value is over its size limit.
 */
export type LogStorageErrorCode =
  | 'store_locked'
  | 'store_damaged'
  | 'store_version'
  | 'store_failed'
  | 'store_closed'
  | 'staged_full'
  | 'invalid_write'
  | 'out_of_range'
  | 'invalid_key';

/** Every error of this package. `code` is stable; `message` says what is wrong and what to do. */
export class LogStorageError extends Error {
  readonly code: LogStorageErrorCode;

  constructor(code: LogStorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LogStorageError';
    this.code = code;
  }
}

/** The advice that ends every message about a damaged store. */
export function damagedAdvice(directory: string): string {
  return (
    `Keep ${directory} as it is for an inquiry. In a cluster, start the node with an empty directory: it comes ` +
    `back through snapshots. A single node is restored from a backup of the whole directory.`
  );
}
