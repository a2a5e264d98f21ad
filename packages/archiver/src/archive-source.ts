import type { ArchiveRow } from './archive-row.js';

/** A context whose log goes beyond what is archived. */
export interface PendingContext {
  readonly contextId: string;
  readonly life: string;
  /** Everything up to here is in the archive. */
  readonly archivedSeq: number;
  readonly lastSeq: number;
  /** When the first message after `archivedSeq` was appended, in milliseconds since 1970, where that is known. */
  readonly pendingSince?: number;
}

/** A context that is gone from the store and whose rows are to go from the archive. */
export interface PendingErasure {
  readonly contextId: string;
  readonly life: string;
}

/** The rows from `archivedSeq + 1` up to and including `seq` are in the archive, without a hole. */
export interface Acknowledgement {
  readonly contextId: string;
  readonly life: string;
  readonly seq: number;
}

/**
 * Where messages come from: what is committed, read again whenever it is asked for. Nothing that the
 * archiver holds in memory matters: after a crash the watermarks say where to go on.
 */
export interface ArchiveSource {
  /**
   * Contexts that this node is to archive now, after `after` in the source's own order, at most `limit`.
   * An empty page ends the round; the next begins with `after: null`. A context with a pending erasure of
   * an earlier life of its id is withheld until that is done.
   */
  pending(options: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<{ readonly contexts: readonly PendingContext[]; readonly next: string | null }>;
  /**
   * Messages `fromSeq` to `toSeq`, from the first on without a hole, until `maxRows` or `maxBytes` are
   * reached; at least one. Empty where the context is gone or this node is no longer to archive it.
   */
  read(
    context: PendingContext,
    range: {
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly maxRows: number;
      readonly maxBytes: number;
    },
  ): Promise<readonly ArchiveRow[]>;
  /** Makes watermarks durable, each on its own. Resolves to those that were taken. */
  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<readonly Acknowledgement[]>;
  /** Erasures that this node is to carry out, at most `limit`. */
  erasures(options: { readonly limit: number }): Promise<readonly PendingErasure[]>;
  /** The rows are gone from the archive: the source may forget the erasure. */
  erased(erasure: PendingErasure): Promise<void>;
}
