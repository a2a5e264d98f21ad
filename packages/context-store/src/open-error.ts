/**
 * - `wrong_groups`: the directory was made with another number of groups.
 * - `wrong_node`: the directory belongs to a node of another name.
 * - `no_leader`: the groups found no leader in time.
 */
export type OpenErrorCode = 'wrong_groups' | 'wrong_node' | 'no_leader';

/** A directory that cannot be served as the options say. A damaged one is a `LogStorageError`. */
export class OpenError extends Error {
  override readonly name = 'OpenError';
  readonly code: OpenErrorCode;

  constructor(code: OpenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
