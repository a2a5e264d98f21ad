import type { LogIndex, NodeId, Term } from '../ids.js';

export type RejectReason =
  'not_leader' | 'overloaded' | 'too_large' | 'no_group' | 'damaged' | 'closing' | 'transferring';

/**
 * How a proposal ends; there is no fourth case.
 * - `committed`: on a majority of disks and applied on this node.
 * - `rejected`: certainly not committed, now or ever. Safe to retry, elsewhere too.
 * - `unknown`: may be committed or not. Retry only under an idempotency key.
 */
export type ProposeOutcome<Result> =
  | { readonly kind: 'committed'; readonly index: LogIndex; readonly term: Term; readonly result: Result }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly leader: NodeId | null }
  | {
      readonly kind: 'unknown';
      readonly reason: 'deadline' | 'leadership_lost' | 'closing' | 'storage_failed';
    };

export type ReadOutcome =
  /** Everything acknowledged before the call is applied here, up to `index` at least. */
  | { readonly kind: 'ready'; readonly index: LogIndex }
  | {
      readonly kind: 'unavailable';
      readonly reason: 'deadline' | 'overloaded' | 'no_group' | 'damaged' | 'closing' | 'storage_failed';
      readonly leader: NodeId | null;
    };

export type TransferOutcome =
  | { readonly kind: 'transferred'; readonly leader: NodeId }
  | {
      readonly kind: 'failed';
      readonly reason: 'not_leader' | 'no_group' | 'not_a_voter' | 'deadline' | 'closing';
    };

export type MembershipOutcome =
  | { readonly kind: 'committed'; readonly index: LogIndex }
  | {
      readonly kind: 'rejected';
      readonly reason: RejectReason | 'conf_change_pending' | 'invalid_conf_change';
      readonly leader: NodeId | null;
    }
  | {
      readonly kind: 'unknown';
      readonly reason: 'deadline' | 'leadership_lost' | 'closing' | 'storage_failed';
    };
