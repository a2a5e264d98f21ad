export interface ReadOptions {
  /** Milliseconds until the read gives up with `unavailable`. Default: the store's. */
  readonly deadlineMs?: number;
}

export interface TailOptions extends ReadOptions {
  /** 1 to 1,000 messages, above that clamped; default 100. */
  readonly limit?: number;
  /** Messages to skip, counted from the newest; default 0. */
  readonly offset?: number;
}

export interface RangeOptions extends ReadOptions {
  /** First seq, inclusive; negative counts from the end: -50 is the last 50. */
  readonly fromSeq?: number;
  /** Last seq, inclusive. */
  readonly toSeq?: number;
}

export interface PageOptions extends RangeOptions {
  /**
   * Exclusive: the page begins after this seq. With a negative `fromSeq` it alone says where, since
   * the end may have moved on since the first page.
   */
  readonly cursor?: number;
  /** 1 to 1,000 messages, above that clamped; default 100. A page of 64 MiB ends earlier. */
  readonly limit?: number;
}

export interface MessagePage {
  /** Complete JSON objects in UTF-8, by seq. */
  readonly messages: readonly Uint8Array[];
  /** The `cursor` of the next page, null at the end. */
  readonly nextCursor: number | null;
}
