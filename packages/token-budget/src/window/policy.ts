/** Who decides what leaves the stored window, and when. See `cut`. */
export type WindowPolicy = LastNPolicy | SkipPartsPolicy | ManualPolicy;

/** Keeps at most `limit` live messages, and the newest of them that fit the trigger. */
export interface LastNPolicy {
  readonly strategy: 'last_n';
  /** Positive integer. */
  readonly limit: number;
}

/** Drops whole kinds of parts from finished turns first, and whole turns only after that. */
export interface SkipPartsPolicy {
  readonly strategy: 'skip_parts';
  /** `tool`, `reasoning`, `file`, `source`, `data`, or an exact part type. */
  readonly skipKinds: readonly string[];
  /** Positive integer, as in `last_n`; null: no limit in messages. */
  readonly limit: number | null;
  /** The newest this many messages keep their parts, rounded up to whole turns. */
  readonly keepLast: number;
}

/** Never drops; only `needsCompaction` says that the client should replace the window. */
export interface ManualPolicy {
  readonly strategy: 'manual';
}

/** `last_n` with `limit` 200. */
export const defaultPolicy: LastNPolicy = { strategy: 'last_n', limit: 200 };

/** Tools and reasoning. */
export const defaultSkipKinds: readonly string[] = ['tool', 'reasoning'];
