/** One staged change of a key space. A range takes `gte` and leaves `lt`. */
export type KeyOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | LatePut
  | { readonly type: 'del'; readonly key: Uint8Array }
  | { readonly type: 'delRange'; readonly gte: Uint8Array; readonly lt: Uint8Array };

/**
 * A put whose value is encoded when it is read or written: for what often changes again before that. What
 * `encode` looks at must not change.
 */
export interface LatePut {
  readonly type: 'putLate';
  readonly key: Uint8Array;
  /** About how many bytes the value has, for the limit on what is staged. */
  readonly bytes: number;
  readonly encode: () => Uint8Array;
}

export type KeyPair = readonly [key: Uint8Array, value: Uint8Array];

/** A part of a key space, in byte order. Without bounds: all of it. */
export interface KeyRange {
  readonly gte?: Uint8Array | undefined;
  readonly gt?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  /** From the last key to the first. Default: false. */
  readonly reverse?: boolean | undefined;
  /** At most so many pairs. Default: no limit. */
  readonly limit?: number | undefined;
}
