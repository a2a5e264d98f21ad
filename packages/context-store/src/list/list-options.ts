import type { ContextStatus, ContextView } from '../context/context-view.js';
import type { ReadOptions } from '../paging/page-options.js';

export interface ListOptions extends ReadOptions {
  /** 1 to 1,000, above that clamped; default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  readonly status?: ContextStatus;
  /** Only ids that begin with this. */
  readonly prefix?: string;
  /**
   * Only contexts whose metadata has each of these keys with this value. A string is compared as it
   * is, anything else as compact JSON: `{ "tier": 2 }` matches `tier: '2'`.
   */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ContextPage {
  /** By id, in the order of its bytes. */
  readonly contexts: readonly ContextView[];
  /**
   * Null at the end. A page looks at 10,000 contexts at most: with filters that few contexts pass it
   * may hold fewer than `limit`, or none, and still have a next page.
   */
  readonly nextCursor: string | null;
}
