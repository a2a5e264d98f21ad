import type { ContextId } from '../context/context-id.js';
import type { ContextStatus } from '../context/context-view.js';

/** 16 bytes of SHA-256 over what the client sent: tells a retry from a reused key. */
export type ContentHash = Uint8Array;
export const contentHashBytes = 16;

/** A message as it goes through the log: counted, outlined and encoded by the gateway. */
export interface CommandMessage {
  /** The client's id and the hash of its content; null where the message has no id. */
  readonly identity: { readonly id: string; readonly hash: ContentHash } | null;
  /** The bytes that are stored: see message/stored-message.ts. */
  readonly stored: Uint8Array;
}

/** A setting: its value, and whether the client gave it or it is only the default for a creation. */
export interface Setting<T> {
  readonly given: boolean;
  readonly value: T;
}

/**
 * A command on one context, as the log of its group holds it. Everything that could differ between two replicas, the time
 * (ms since 1970, from the gateway), token counts, outlines, hashes and even defaults, is in the
 * command, so that applying it is a pure function of the state.
 */
export type Command =
  | {
      readonly type: 'append';
      readonly id: ContextId;
      readonly at: number;
      readonly ifVersion: number | null;
      readonly call: { readonly key: string; readonly hash: ContentHash } | null;
      readonly messages: readonly CommandMessage[];
    }
  | {
      readonly type: 'compact';
      readonly id: ContextId;
      readonly at: number;
      readonly ifVersion: number | null;
      readonly upToSeq: number | null;
      readonly messages: readonly CommandMessage[];
    }
  | {
      readonly type: 'put';
      readonly id: ContextId;
      readonly at: number;
      readonly tokenBudget: Setting<number>;
      readonly triggerRatio: Setting<number>;
      /** JSON text of `{strategy, config}`. */
      readonly policy: Setting<string>;
      /** JSON text of an object. */
      readonly metadata: Setting<string>;
      readonly activate: boolean;
    }
  | {
      readonly type: 'patch_metadata';
      readonly id: ContextId;
      readonly at: number;
      /** JSON text of a merge patch (RFC 7396), an object. */
      readonly patch: string;
    }
  | { readonly type: 'tombstone'; readonly id: ContextId; readonly at: number }
  | {
      readonly type: 'import';
      readonly id: ContextId;
      readonly at: number;
      /** The context takes the place of one that is there. Else it is refused. */
      readonly replace: boolean;
      /** What the first command of the import answered; null for the first one. */
      readonly stage: number | null;
      /** Entries of the import before those of this command. */
      readonly from: number;
      readonly entries: readonly ImportEntry[];
      /** The context as it is once all entries are there; null: more come; `discard`: it is given up. */
      readonly finish: ImportedContext | 'discard' | null;
    }
  | { readonly type: 'erase'; readonly id: ContextId; readonly at: number }
  /** The archive holds nothing any more of the erased life `ordinal` of the id. */
  | { readonly type: 'erasure_done'; readonly id: ContextId; readonly at: number; readonly ordinal: number };

/**
 * Watermarks of contexts of one group, from the archiver of the group's leader. Without items it says
 * that the archive begins: messages of this group may be in it from now on.
 */
export interface ArchivedCommand {
  readonly type: 'archived';
  readonly at: number;
  /** Newest messages of each context that stay local. */
  readonly tailKeep: number;
  /** Messages that this one command may trim, of all its contexts. */
  readonly trimSteps: number;
  readonly items: readonly ArchivedItem[];
}

export interface ArchivedItem {
  readonly id: ContextId;
  readonly ordinal: number;
  /** Everything up to here is in the archive. */
  readonly seq: number;
  /** When the message after `seq` came; null where there was none. */
  readonly restSince: number | null;
}

/** Everything that the log of a group may hold. */
export type LogCommand = Command | ArchivedCommand;

/** A part of a context that is imported. The parts come in the order of their sections. */
export type ImportEntry =
  | { readonly section: 'replacement' | 'message'; readonly stored: Uint8Array }
  /** An entry of the change index: see stream/change-entry.ts. */
  | { readonly section: 'change'; readonly version: number; readonly entry: Uint8Array }
  | { readonly section: 'key'; readonly key: RememberedKey };

/** A key that a retry is recognised by, and the answer to give again: see state/dedupe.ts. */
export interface RememberedKey {
  readonly kind: 'call' | 'message';
  readonly key: string;
  /** The append that brought it: its number and its time. */
  readonly append: number;
  readonly at: number;
  readonly hash: ContentHash;
  readonly version: number;
  readonly results: readonly { readonly seq: number; readonly tokens: number }[];
}

/** Everything of a context that is not an entry. */
export interface ImportedContext {
  readonly status: ContextStatus;
  readonly version: number;
  readonly lastSeq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly appends: number;
  /** Bytes of `encodeWindowState`. */
  readonly window: Uint8Array;
  readonly tokenBudget: number;
  readonly triggerRatio: number;
  /** JSON texts. */
  readonly policy: string;
  readonly metadata: string;
}

/** What a committed entry turned out to hold. */
export type DecodedCommand =
  | { readonly kind: 'command'; readonly command: LogCommand }
  /** A version or type of a later release: nothing is applied. */
  | { readonly kind: 'unsupported'; readonly version: number; readonly type: number }
  | { readonly kind: 'malformed'; readonly reason: string };
