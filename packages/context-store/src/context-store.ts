import type { ContextSettings } from './context/context-settings.js';
import type { ContextStatus, ContextView, JsonObject } from './context/context-view.js';
import type { MessageInput } from './message/message-input.js';
import type { StoreEvent } from './store-events.js';
import type { WindowView } from './window/window-view.js';

export interface AppendOptions {
  /** The append happens only if the context has this version. */
  readonly ifVersion?: number;
  /** 1 to 256 characters. The same key with the same messages returns the first answer. */
  readonly idempotencyKey?: string;
  readonly deadlineMs?: number;
}

export interface AppendResult {
  /**
   * The version after the append and after the automatic compaction that it may have caused, so
   * that it is the `ifVersion` of the next append.
   */
  readonly version: number;
  readonly results: readonly { readonly seq: number; readonly tokenEstimate: number }[];
  /** True where the call was a retry and nothing was written. */
  readonly deduped: boolean;
}

export interface CompactOptions {
  readonly ifVersion?: number;
  /** The replacement stands for messages up to here. Default: the last one. */
  readonly upToSeq?: number;
  readonly deadlineMs?: number;
}

export interface ReadOptions {
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
  /** Exclusive: the page begins after this seq. */
  readonly cursor?: number;
  /** 1 to 1,000 messages, above that clamped; default 100. */
  readonly limit?: number;
}

export interface MessagePage {
  /** Complete JSON objects in UTF-8, by seq. */
  readonly messages: readonly Uint8Array[];
  /** The `cursor` of the next page, null at the end. */
  readonly nextCursor: number | null;
}

export interface WindowOptions extends ReadOptions {
  /** Overrides the context's budget for this one read. */
  readonly budgetTokens?: number;
  readonly ifVersion?: number;
  readonly explain?: boolean;
}

export interface ListOptions extends ReadOptions {
  /** 1 to 1,000, above that clamped; default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  readonly status?: ContextStatus;
  /** Only ids that begin with this. */
  readonly prefix?: string;
  /** Only contexts whose metadata has each of these keys with this value (compared as text). */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ContextPage {
  readonly contexts: readonly ContextView[];
  readonly nextCursor: string | null;
}

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** The product without HTTP. Every method may throw a `StoreError`. */
export interface ContextStore {
  put(
    id: string,
    settings: ContextSettings,
  ): Promise<{ readonly created: boolean; readonly context: ContextView }>;
  get(id: string, options?: ReadOptions): Promise<ContextView>;
  patchMetadata(id: string, patch: JsonObject): Promise<ContextView>;
  tombstone(id: string): Promise<void>;
  erase(id: string): Promise<void>;
  list(options?: ListOptions): Promise<ContextPage>;
  append(id: string, messages: readonly MessageInput[], options?: AppendOptions): Promise<AppendResult>;
  compact(
    id: string,
    replacement: readonly MessageInput[],
    options?: CompactOptions,
  ): Promise<{ readonly version: number }>;
  tail(id: string, options?: TailOptions): Promise<readonly Uint8Array[]>;
  messages(id: string, options?: PageOptions): Promise<MessagePage>;
  /** Chunks of NDJSON: whole lines, one message each. Settles once the range is known to exist. */
  export(id: string, options?: RangeOptions): Promise<AsyncIterable<Uint8Array>>;
  window(id: string, options?: WindowOptions): Promise<WindowView>;
  /** Calls `listener` for every change that this node applies. Returns the way to stop. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  ready(): Readiness;
  close(): Promise<void>;
}
