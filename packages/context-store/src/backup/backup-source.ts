import type { RememberedKey } from '../command/command.js';
import type { ContextId } from '../context/context-id.js';

/** A context at one moment, without its messages: the bytes as they are stored. */
export interface ContextHead {
  /** Number of this life of the id: what is read later must belong to the same. */
  readonly life: number;
  readonly record: Uint8Array;
  readonly profile: Uint8Array;
  readonly replacement: readonly Uint8Array[];
}

/** A run of what one life of a context holds by number, both ends included. */
export interface RunQuery {
  readonly life: number;
  readonly from: number;
  readonly to: number;
}

export interface NumberedBytes {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * The beginning of a run, as much as one page may have, at least one. Null: the context was erased, or
 * replaced by another life of its id.
 */
export type RunPage = readonly NumberedBytes[] | null;

/** Keys of a run of the dedupe queue. Those that were forgotten meanwhile are missing. */
export interface KeyRun {
  readonly keys: readonly RememberedKey[];
  /** The position after the last one looked at. */
  readonly next: number;
}

/**
 * Where a backup reads from: pages, each of which stands by itself, so that they may come from any
 * replica of a group, and from another one after the next.
 *
 * No view of the storage is held from page to page. A head says how far its context goes; messages,
 * changes and keys up to there are never rewritten. So each context of a backup is as it was at one
 * moment, though the backup takes hours.
 */
export interface BackupSource {
  /** Ids in their order; the page after the last one has `next` null. */
  ids(
    prefix: string,
    cursor: string | null,
  ): Promise<{ readonly ids: readonly string[]; readonly next: string | null }>;
  /** Null where there is no such context. */
  head(id: ContextId): Promise<ContextHead | null>;
  /** Stored messages by seq. */
  messages(id: ContextId, query: RunQuery): Promise<RunPage>;
  /** Change entries by version. Those of a directory older than the index are missing at the beginning. */
  changes(id: ContextId, query: RunQuery): Promise<RunPage>;
  keys(id: ContextId, query: RunQuery): Promise<KeyRun | null>;
}
