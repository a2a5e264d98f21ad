declare const brand: unique symbol;

/** A value of type `T` that only the constructor of brand `B` makes. */
export type Brand<T, B extends string> = T & { readonly [brand]: B };

/** One Raft group of a process: an integer from 0 to 65,535, the same on every node. */
export type GroupId = Brand<number, 'GroupId'>;

/** A replica's node, as voters and transports name it: 1 to 255 characters, chosen by the embedder. */
export type NodeId = Brand<string, 'NodeId'>;

/** A period with at most one leader. 0 before the first election. */
export type Term = Brand<number, 'Term'>;

/** A position in a group's log. The first entry has index 1; 0 stands for the empty log. */
export type LogIndex = Brand<number, 'LogIndex'>;

export function groupId(value: number): GroupId {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
    throw new RangeError(`A group id is an integer from 0 to 65535, got ${value}.`);
  }
  return value as GroupId;
}

export function nodeId(value: string): NodeId {
  if (value.length < 1 || value.length > 255) {
    throw new RangeError(`A node id has 1 to 255 characters, got ${value.length}.`);
  }
  return value as NodeId;
}

export function term(value: number): Term {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`A term is a non-negative integer, got ${value}.`);
  }
  return value as Term;
}

export function logIndex(value: number): LogIndex {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`A log index is a non-negative integer, got ${value}.`);
  }
  return value as LogIndex;
}
