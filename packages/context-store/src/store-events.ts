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
 * A change that this node has applied. In order per context, versions never go back. `context`
 * follows every change of the window.
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
      readonly range: { readonly fromSeq: number; readonly toSeq: number };
    }
  | { readonly type: 'tombstoned'; readonly contextId: string; readonly version: number }
  /** The context was erased, or brought back after a tombstone. */
  | { readonly type: 'reset'; readonly contextId: string; readonly version: number };

/** Hooks for metrics. They run on the hot path: do little, never throw. */
export interface StoreObserver {
  readonly onAppended?: (message: AppendedMessage) => void;
}
