import type { KeyOp } from '@fastpaca/log-storage';
import type { MessageOutline } from '@fastpaca/token-budget';

import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';

export interface AppendedSeq {
  readonly seq: number;
  readonly tokens: number;
}

/** What a command came to. Every committed entry has one. */
export type CommandResult =
  | {
      readonly kind: 'appended';
      readonly version: number;
      readonly results: readonly AppendedSeq[];
      readonly deduped: boolean;
      /** The first of the messages that this command wrote; null where it wrote none. */
      readonly firstSeq: number | null;
    }
  | { readonly kind: 'compacted'; readonly version: number }
  | { readonly kind: 'stored'; readonly created: boolean; readonly context: StoredContext }
  | { readonly kind: 'tombstoned' }
  | { readonly kind: 'erased' }
  /** One outcome for each item. */
  | { readonly kind: 'archived'; readonly outcomes: readonly ArchivedOutcome[] }
  | { readonly kind: 'erasure_done' }
  /** A part of an import is there, and no reader sees it. */
  | { readonly kind: 'staged'; readonly stage: number }
  | { readonly kind: 'imported' }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface ArchivedOutcome {
  /** The watermark is at least the item's. False: the context is gone, or another life of its id. */
  readonly taken: boolean;
  /** More could be trimmed: the same item again goes on. */
  readonly unfinished: boolean;
}

/** Why a command changed nothing. */
export type Refusal =
  | { readonly reason: 'not_found' }
  | { readonly reason: 'is_tombstoned' }
  | { readonly reason: 'conflict'; readonly currentVersion: number }
  | { readonly reason: 'key_reused'; readonly key: string }
  | { readonly reason: 'beyond_end'; readonly lastSeq: number }
  /** The replacement in the window stands for messages up to `toSeq`, which is more. */
  | { readonly reason: 'replaced_further'; readonly toSeq: number }
  | { readonly reason: 'metadata_too_large' }
  | { readonly reason: 'import_exists' }
  /** Another import of the same context has begun since, or an erase came in between. */
  | { readonly reason: 'import_superseded' }
  | { readonly reason: 'import_invalid'; readonly detail: string }
  | { readonly reason: 'unsupported'; readonly version: number; readonly type: number }
  | { readonly reason: 'malformed'; readonly detail: string };

/** A message that a command appended, decoded. */
export interface NewMessage {
  readonly seq: number;
  readonly stored: Uint8Array;
  readonly body: Uint8Array;
  readonly outline: MessageOutline;
}

/** What happened to a context, for the cache. */
export type ContextChange =
  | { readonly type: 'appended'; readonly messages: readonly NewMessage[] }
  /** `trimmed`: messages that are here no more. */
  | { readonly type: 'archived'; readonly trimmed: number }
  | { readonly type: 'compacted' | 'replaced' | 'settings' | 'tombstoned' | 'erased' | 'imported' };

/** The effect of one command on a group, as a value. */
export interface Transition {
  readonly result: CommandResult;
  /** The contexts that changed, each once. Absent: none. */
  readonly writes?: readonly ContextWrite[];
  /** Changes that belong to no context. */
  readonly ops?: readonly KeyOp[];
  /** The number that `ops` are kept under, though no context has it yet. */
  readonly ordinal?: number;
  /** Erasures that the archive has still to carry out: one more, or one less. */
  readonly erasures?: 1 | -1;
}

export interface ContextWrite {
  readonly id: ContextId;
  /** The context afterwards; null: it is gone. */
  readonly context: StoredContext | null;
  /** The settings or the metadata changed. */
  readonly profileChanged: boolean;
  /** Everything but record and profile. */
  readonly ops: readonly KeyOp[];
  readonly changes: readonly ContextChange[];
  /** When the first message that is not archived came, where that is not the command's time. */
  readonly pendingSince?: number;
}

/** What a transition may look at. Synchronous, and the same on every replica. */
export interface StateReader {
  context(id: ContextId): StoredContext | undefined;
  get(key: Uint8Array): Uint8Array | undefined;
  /** Outlines of the messages that the log of a context holds. */
  outlines(id: ContextId, ordinal: number): (seq: number) => MessageOutline;
  /** The number that the next created context gets. */
  nextOrdinal(): number;
  /** The place that the next context gets in the queue of those with unarchived messages. */
  nextPlace(): number;
  /** Whether messages of this group may be in the archive, or on their way to it. */
  isArchiving(): boolean;
}

export const refuse = (refusal: Refusal): Transition => ({ result: { kind: 'refused', refusal } });
