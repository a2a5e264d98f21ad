/** `code` is stable; `message` says what happened and what to do. */
export type RaftErrorCode =
  /** The storage failed: a write or read was rejected. Exit and restart. */
  | 'storage_failed'
  /** A state machine threw, or broke its contract. */
  | 'state_machine_failed'
  /** A frame that is not of this protocol, or damaged. */
  | 'invalid_frame'
  /** The options contradict each other. */
  | 'invalid_options'
  /** What the storage holds contradicts itself. */
  | 'invalid_state'
  /** A call on a closed or failed host. */
  | 'host_closed'
  /** A snapshot transfer was replaced by a newer one. */
  | 'snapshot_superseded'
  /** An invariant of the protocol is broken: a defect of this library. Please report it. */
  | 'assertion';

export class RaftError extends Error {
  readonly code: RaftErrorCode;

  constructor(code: RaftErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RaftError';
    this.code = code;
  }
}

/** For what must never be. Cheap enough to stay on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RaftError('assertion', `Invariant broken: ${message}`);
}
