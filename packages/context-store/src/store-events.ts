/** A message that an acknowledged append wrote. Retries that wrote nothing are not reported. */
export interface AppendedMessage {
  readonly contextId: string;
  readonly seq: number;
  readonly role: string;
  readonly tokens: number;
  /** Who counted the tokens. */
  readonly source: 'client' | 'server';
}

/**
 * A change that this node has applied. In order per context; versions never go back before a
 * `reset`. `context` follows every change of the window, and of the settings that it depends on.
 */
export type StoreEvent =
  | {
      readonly type: 'message';
      readonly contextId: string;
      readonly version: number;
      readonly seq: number;
      /** Complete JSON of the message, UTF-8. */
      readonly message: Uint8Array;
    }
  | {
      readonly type: 'context';
      readonly contextId: string;
      readonly version: number;
      readonly needsCompaction: boolean;
      readonly usedTokens: number;
    }
  | {
      readonly type: 'compaction';
      readonly contextId: string;
      readonly version: number;
      /** The messages that left the window or are stood for now; 0 and 0: none. */
      readonly range: { readonly fromSeq: number; readonly toSeq: number };
    }
  | { readonly type: 'tombstoned'; readonly contextId: string; readonly version: number }
  /** The context was erased; `version` was its last. */
  | { readonly type: 'reset'; readonly contextId: string; readonly version: number };

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
}
