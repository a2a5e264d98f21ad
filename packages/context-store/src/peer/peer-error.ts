/**
 * - `peer_unreachable`: certainly not delivered.
 * - `peer_overloaded`: certainly not handled, too much waits for this peer or at it.
 * - `peer_lost`: may have been delivered, the connection broke before the answer.
 * - `peer_timeout`: may have been delivered, no answer in time.
 * - `peer_refused`: the peer's handler threw, it has none, or its answer is over the limit.
 */
export type PeerErrorCode =
  'peer_unreachable' | 'peer_overloaded' | 'peer_lost' | 'peer_timeout' | 'peer_refused';

/** A request to another node that brought no answer. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the peer's handler certainly did not see the request. */
  get notDelivered(): boolean {
    return this.code === 'peer_unreachable' || this.code === 'peer_overloaded';
  }
}
