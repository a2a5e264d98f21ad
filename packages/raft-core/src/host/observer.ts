import type { GroupId, NodeId, Term } from '../ids.js';
import type { Role } from './status.js';

/** Hooks for metrics. All optional, called synchronously on hot paths: they must be cheap and not throw. */
export interface HostObserver {
  onLeaderChange?(group: GroupId, leader: NodeId | null, term: Term): void;
  onRoleChange?(group: GroupId, role: Role, previous: Role, term: Term): void;
  /** `latencyMs` from `propose` to the outcome. */
  onProposal?(outcome: 'committed' | 'rejected' | 'unknown', reason: string | null, latencyMs: number): void;
  /** From when entries were committed and durable here until they were applied. */
  onApply?(group: GroupId, entries: number, durationMs: number): void;
  /** One storage batch. */
  onWrite?(batch: { groups: number; entries: number; bytes: number; durationMs: number }): void;
  /** How late the host's timer fired: the delay of the event loop. */
  onLoopDelay?(delayMs: number): void;
  /** Groups on this node by role, on each heartbeat interval. */
  onRoles?(counts: Readonly<Record<Role | 'damaged', number>>): void;
  /** Inbound messages were dropped because the inbox was full. */
  onInboxOverflow?(from: NodeId, messages: number): void;
  /** This node is no longer a member of the group. */
  onRemoved?(group: GroupId): void;
}
