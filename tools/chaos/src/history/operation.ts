/** What a client wanted of one context. A retry of a keyed append is the same operation. */
export type Action =
  | {
      readonly kind: 'append';
      /** One text a message; no other operation of the run has the same. */
      readonly texts: readonly string[];
      readonly keyed: boolean;
      readonly ifVersion: number | null;
    }
  | { readonly kind: 'compact'; readonly ifVersion: number | null }
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'revive' }
  | { readonly kind: 'read' };

/** How it ended, as the client may conclude from the answer. */
export type Outcome =
  | {
      readonly kind: 'appended';
      readonly seqs: readonly number[];
      readonly version: number;
      readonly deduped: boolean;
    }
  | { readonly kind: 'compacted'; readonly version: number }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'seen';
      readonly version: number | null;
      readonly lastSeq: number | null;
      readonly tombstoned: boolean | null;
    }
  /** 409 `conflict`: nothing was written, and the version was this one. */
  | { readonly kind: 'conflict'; readonly currentVersion: number }
  /** 409 `context_tombstoned`. */
  | { readonly kind: 'tombstoned' }
  /** It certainly did not happen: refused with 503 or 429, or never sent. */
  | { readonly kind: 'failed'; readonly why: string }
  /** It may have happened, or may yet: 504, or no answer. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface Operation {
  readonly id: number;
  readonly client: string;
  readonly context: string;
  /** Milliseconds on the harness's own monotonic clock. */
  readonly invokedAt: number;
  readonly completedAt: number;
  readonly action: Action;
  readonly outcome: Outcome;
}

/** A promise that was broken. */
export interface Violation {
  readonly check: string;
  readonly context?: string;
  readonly message: string;
}

export const isWrite = (action: Action): boolean => action.kind !== 'read';
