import type { SeqRange } from '@fastpaca/token-budget';

import type { WindowLoad } from './change-entry.js';

/**
 * One thing that happened to a context. Versions never go back before a `reset`; several changes of
 * one version follow one another, `last` marks the one after which the version is complete.
 */
export type StreamChange =
  | {
      readonly type: 'message';
      readonly version: number;
      readonly seq: number;
      /** Complete JSON of the message, UTF-8; null where bodies were not asked for. */
      readonly message: Uint8Array | null;
      readonly last: boolean;
    }
  | {
      readonly type: 'compaction';
      readonly version: number;
      /** The messages that left the window or are stood for now; 0 and 0: none. */
      readonly range: SeqRange;
      readonly last: boolean;
    }
  /** Follows every write that moved the window, and settings that change what it says. */
  | ({ readonly type: 'context'; readonly version: number } & WindowLoad)
  /** The context is ended. Nothing follows. */
  | { readonly type: 'tombstoned'; readonly version: number }
  /**
   * What the reader has is not the history of this context: its cursor lies beyond the end, or the
   * id was erased. What follows, if anything, comes after `version`.
   */
  | { readonly type: 'reset'; readonly version: number }
  /** Versions `expected` to `actual - 1` cannot be replayed. `version` is `actual - 1`. */
  | {
      readonly type: 'gap';
      readonly version: number;
      readonly expected: number;
      readonly actual: number;
    };

/** How far a reader of a context's changes is. A plain value, valid on every node. */
export interface StreamPosition {
  /** Which life of the id: an erased id that is created again has another. */
  readonly life: number;
  /** Everything up to this version was given. */
  readonly version: number;
  /** Of the next version, this many messages were given. */
  readonly messages: number;
  /** What was said last of the window; null: nothing yet. */
  readonly load: WindowLoad | null;
}

/** Some changes, in order. Empty: nothing happened so far. */
export interface ChangesPage {
  readonly changes: readonly StreamChange[];
  /** Where to go on. */
  readonly next: StreamPosition;
  /** Nothing will follow: the context is tombstoned or gone. */
  readonly ended: boolean;
}

export interface StreamOptions {
  /** The last version that was processed: what came later is replayed. Default: the current version. */
  readonly cursor?: number;
  /** Milliseconds until `unavailable`. Default: the store's. */
  readonly deadlineMs?: number;
}

export interface ChangesOptions {
  /** False leaves out the messages' JSON. Default: true. */
  readonly bodies?: boolean;
  /** Milliseconds to wait for a change where there is none. Default 20,000; 0 does not wait. */
  readonly waitMs?: number;
  /** Milliseconds until `unavailable`, where a linearizable read is needed. Default: the store's. */
  readonly deadlineMs?: number;
}
