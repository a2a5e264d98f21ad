import type { ArchiveObserver } from './archive/archive-options.js';
import type { PeerErrorCode } from './peer/peer-error.js';

/** A message that an acknowledged append wrote. Retries that wrote nothing are not reported. */
export interface AppendedMessage {
  readonly contextId: string;
  readonly seq: number;
  readonly role: string;
  readonly tokens: number;
  /** Who counted the tokens. */
  readonly source: 'client' | 'server';
}

/** Hooks for metrics. They run on the hot path: do little, never throw. */
export interface StoreObserver {
  readonly onAppended?: (message: AppendedMessage) => void;
  /** One synced batch of the disk. */
  readonly onWrite?: (write: {
    readonly durationMs: number;
    readonly bytes: number;
    readonly ops: number;
  }) => void;
  /** One proposal, from the call to its outcome. */
  readonly onProposal?: (proposal: {
    readonly outcome: 'committed' | 'rejected' | 'unknown';
    readonly latencyMs: number;
  }) => void;
  /** Some entries of one group, from when they were committed until they were part of the state. */
  readonly onApplied?: (applied: { readonly entries: number; readonly latencyMs: number }) => void;
  readonly onLeaderChange?: () => void;
  /** One request to another node on behalf of a call, from its sending to its end. */
  readonly onHop?: (hop: {
    readonly kind: HopKind;
    readonly outcome: 'answered' | PeerErrorCode;
    readonly latencyMs: number;
  }) => void;
  /** A call goes on after a try that led nowhere. */
  readonly onRetry?: (retry: { readonly kind: 'write' | 'read'; readonly reason: string }) => void;
  readonly archive?: ArchiveObserver;
  /** A defect, of this node as it served another or of another node, that no call shows: for the log. */
  readonly onFault?: (error: unknown) => void;
}

/** What a node asks another for: to propose a command, who leads, a read, or the rest of a long answer. */
export type HopKind = 'propose' | 'leader' | 'read' | 'changes' | 'list' | 'part';
