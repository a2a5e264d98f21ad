/**
 * Everything that the window rules need to know of a message, without its body. The gateway makes
 * it once, when it has the message parsed; from then on it travels and is stored beside the bytes.
 */
export interface MessageOutline {
  readonly role: RoleClass;
  /** Tokens of the whole message: the client's `token_count`, or the estimate. */
  readonly tokens: number;
  /** `metadata.pinned` of the message is `true`. */
  readonly pinned: boolean;
  /** In the message's order. Their tokens sum to at most `tokens`; the rest is the message overhead. */
  readonly parts: readonly PartOutline[];
}

/**
 * What a role means for the window. `developer` counts as `system`, `function` as `tool`; a role
 * that no rule names is `other` and is treated like `assistant`.
 */
export type RoleClass = 'system' | 'user' | 'assistant' | 'tool' | 'other';

/** One part of a message. */
export interface PartOutline {
  readonly kind: PartKind;
  /** The part's own `type`, for `skip_kinds` that name a type exactly. */
  readonly type: string;
  readonly tokens: number;
  /** Byte range of the part in the encoded body: `start` inclusive, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly link: PartLink;
  /** Which call a `call` or `result` part belongs to. Empty for all others. */
  readonly callId: string;
  /** `metadata.pinned` of the part is `true`. */
  readonly pinned: boolean;
  /**
   * Text of nothing but white space, with no key beside `type`, `text` and `state`: providers refuse
   * it. A blank text that carries provider metadata (a signature) is not blank.
   */
  readonly blank: boolean;
}

/** The kinds that `skip_kinds` knows, and the rest. */
export type PartKind = 'text' | 'tool' | 'reasoning' | 'file' | 'source' | 'data' | 'step' | 'other';

/**
 * A part's place in a tool call.
 * - `none`: not a call, a call that carries its own result, or a split one without an id.
 * - `call`: half of a split call; a part with `link: 'result'` and the same id answers it.
 * - `result`: answers the call with the same id.
 * - `open`: a call that would carry its own result (`tool-NAME`, `dynamic-tool`) and has none yet.
 */
export type PartLink = 'none' | 'call' | 'result' | 'open';

/** Byte range of a part in the encoded body: `start` inclusive, `end` exclusive. */
export interface PartSpan {
  readonly start: number;
  readonly end: number;
}
