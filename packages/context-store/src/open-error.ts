/**
 * - `wrong_groups`: the directory was made with another number of groups.
 * - `wrong_node`: the directory belongs to a node of another name.
 * - `invalid_name`: the name of the node has other characters than it may have.
 * - `damaged_node_file`: `node.json` is missing beside data, or is not what was written.
 * - `unusable_directory`: the data directory is none, or cannot be made.
 * - `no_leader`: the groups found no leader in time.
 */
export type OpenErrorCode =
  'wrong_groups' | 'wrong_node' | 'invalid_name' | 'damaged_node_file' | 'unusable_directory' | 'no_leader';

/** A directory that cannot be served as the options say. A damaged one is a `LogStorageError`. */
export class OpenError extends Error {
  override readonly name = 'OpenError';
  readonly code: OpenErrorCode;

  constructor(code: OpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
