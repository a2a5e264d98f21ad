/**
 * What can go wrong, as a client sees it. The codes are stable; docs/reference/errors.md lists each
 * with its status and remedy.
 */
export type StoreErrorCode =
  | 'context_not_found'
  | 'conflict'
  | 'context_tombstoned'
  | 'idempotency_conflict'
  | 'budget_unsatisfiable'
  | 'invalid_context_id'
  | 'invalid_settings'
  | 'invalid_metadata'
  | 'invalid_message'
  | 'invalid_idempotency_key'
  | 'invalid_version'
  | 'invalid_window'
  | 'invalid_up_to_seq'
  | 'invalid_budget'
  | 'invalid_range'
  | 'invalid_cursor'
  | 'message_too_large'
  | 'page_too_large'
  | 'archive_incomplete'
  | 'archive_unavailable'
  | 'invalid_backup'
  | 'overloaded'
  | 'unavailable'
  | 'outcome_unknown'
  | 'unsupported_command'
  | 'node_not_found'
  | 'node_not_drained'
  | 'quorum_would_be_lost';

const statuses: Readonly<Record<StoreErrorCode, number>> = {
  context_not_found: 404,
  conflict: 409,
  context_tombstoned: 409,
  idempotency_conflict: 409,
  budget_unsatisfiable: 422,
  invalid_context_id: 400,
  invalid_settings: 400,
  invalid_metadata: 400,
  invalid_message: 400,
  invalid_idempotency_key: 400,
  invalid_version: 400,
  invalid_window: 400,
  invalid_up_to_seq: 400,
  invalid_budget: 400,
  invalid_range: 400,
  invalid_cursor: 400,
  message_too_large: 413,
  page_too_large: 413,
  archive_incomplete: 410,
  archive_unavailable: 503,
  invalid_backup: 400,
  overloaded: 503,
  unavailable: 503,
  outcome_unknown: 504,
  unsupported_command: 500,
  node_not_found: 404,
  node_not_drained: 409,
  quorum_would_be_lost: 409,
};

/** Whether a code that another node sent is one that this release knows. */
export const isStoreErrorCode = (code: string): code is StoreErrorCode => Object.hasOwn(statuses, code);

/** Members that an HTTP answer shows beside `error` and `message`. */
export interface StoreErrorDetails {
  /** With `conflict`: the version that the context has now. */
  readonly current_version?: number;
  /** With `budget_unsatisfiable`: the smallest budget that would fit. */
  readonly minimum_tokens?: number;
  /** With `invalid_*`: the offending field, as the REST API names it. */
  readonly field?: string;
}

/** Every failure that `ContextStore` throws on purpose. Anything else is a defect. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** The HTTP status that suits the code. */
  readonly status: number;
  readonly details: StoreErrorDetails;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: { readonly details?: StoreErrorDetails; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = statuses[code];
    this.details = options.details ?? {};
  }
}

/** @returns the `conflict` of a call whose `if_version` is not the current one. */
export function versionConflict(expected: number, current: number): StoreError {
  return new StoreError('conflict', `Context version changed (expected ${expected}, found ${current})`, {
    details: { current_version: current },
  });
}
