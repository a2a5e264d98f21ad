import type { ContextId } from '../context/context-id.js';

/**
 * The key space of one group. `ordinal` numbers the contexts of a group in the order of their
 * creation and is never used twice: an erased id that is created again starts from nothing, even
 * where an old reader still holds the old ordinal. Numbers are u48, big-endian, so that keys sort
 * by number.
 *
 * | key | value |
 * | --- | --- |
 * | `00` | header: applied index, next ordinal |
 * | `01` id | record: what an append changes |
 * | `02` id | profile: settings and metadata |
 * | `03` ordinal seq | message: outline and body |
 * | `04` ordinal index | replacement message: outline and body |
 * | `05` ordinal kind key | dedupe entry: the answer to give again |
 * | `06` ordinal position | dedupe queue: the keys by age |
 * | `07` ordinal version | change: what this version did |
 * | `08` place | a context with messages that are not archived; places only grow |
 * | `09` id | erased life whose rows are still to go from the archive |
 * | `10` id | import: how much of a context that is not there yet has come |
 */
const prefix = {
  header: 0,
  record: 1,
  profile: 2,
  message: 3,
  replacement: 4,
  dedupe: 5,
  queue: 6,
  change: 7,
  pending: 8,
  erasure: 9,
  import: 0x10,
} as const;

export const headerKey: Uint8Array = Uint8Array.of(prefix.header);

export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

const idKey = (first: number, id: string): Uint8Array => {
  const key = Buffer.allocUnsafe(1 + id.length);
  key[0] = first;
  key.write(id, 1, 'latin1');
  return key;
};

export const erasureKey = (id: ContextId): Uint8Array => idKey(prefix.erasure, id);
export const recordKey = (id: ContextId): Uint8Array => idKey(prefix.record, id);
export const profileKey = (id: ContextId): Uint8Array => idKey(prefix.profile, id);
export const importKey = (id: ContextId): Uint8Array => idKey(prefix.import, id);

/** Records whose id begins with `start` and comes after `after`. Ids are ASCII: 0xff ends them all. */
export function recordRange(
  start: string,
  after: string | null,
): { readonly gte?: Uint8Array; readonly gt?: Uint8Array; readonly lt: Uint8Array } {
  const end = idKey(prefix.record, `${start}\u00ff`);
  return after !== null && after >= start
    ? { gt: idKey(prefix.record, after), lt: end }
    : { gte: idKey(prefix.record, start), lt: end };
}

/** The id of a record, profile or erasure key. */
export const idOfKey = (key: Uint8Array): ContextId =>
  Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString('latin1') as ContextId;

const numberKey = (first: number, ordinal: number, number: number): Uint8Array => {
  const key = Buffer.allocUnsafe(13);
  key[0] = first;
  key.writeUIntBE(ordinal, 1, 6);
  key.writeUIntBE(number, 7, 6);
  return key;
};

export const messageKey = (ordinal: number, seq: number): Uint8Array =>
  numberKey(prefix.message, ordinal, seq);
export const replacementKey = (ordinal: number, index: number): Uint8Array =>
  numberKey(prefix.replacement, ordinal, index);
export const queueKey = (ordinal: number, position: number): Uint8Array =>
  numberKey(prefix.queue, ordinal, position);

export const changeKey = (ordinal: number, version: number): Uint8Array =>
  numberKey(prefix.change, ordinal, version);

/** The number at the end of a message, replacement, queue or change key. */
export const numberOfKey = (key: Uint8Array): number =>
  Buffer.from(key.buffer, key.byteOffset, key.length).readUIntBE(7, 6);

export const pendingKey = (place: number): Uint8Array => ordinalKey(prefix.pending, place);

/** Places after `after`, and before `end`. */
export const pendingRange = (after: number, end: number): KeyRange => ({
  gte: pendingKey(after + 1),
  lt: pendingKey(end),
});

export const placeOfKey = (key: Uint8Array): number =>
  Buffer.from(key.buffer, key.byteOffset, key.length).readUIntBE(1, 6);

export const erasureRange: KeyRange = {
  gte: Uint8Array.of(prefix.erasure),
  lt: Uint8Array.of(prefix.erasure + 1),
};

/** Messages `from` to `to`, both inclusive. */
export const messageRange = (ordinal: number, from: number, to: number): KeyRange => ({
  gte: messageKey(ordinal, from),
  lt: messageKey(ordinal, to + 1),
});

/** Versions `from` to `to`, both inclusive. */
export const changeRange = (ordinal: number, from: number, to: number): KeyRange => ({
  gte: changeKey(ordinal, from),
  lt: changeKey(ordinal, to + 1),
});

/** Places `from` to `to` of the dedupe queue, both inclusive. */
export const queueRange = (ordinal: number, from: number, to: number): KeyRange => ({
  gte: queueKey(ordinal, from),
  lt: queueKey(ordinal, to + 1),
});

export const replacementRange = (ordinal: number, count: number): KeyRange => ({
  gte: replacementKey(ordinal, 0),
  lt: replacementKey(ordinal, count),
});

/** What a retry is recognised by: the key of a call, or the id of a message. */
export type DedupeKind = 'call' | 'message';

export function dedupeKey(ordinal: number, kind: DedupeKind, key: string): Uint8Array {
  const bytes = Buffer.byteLength(key);
  const out = Buffer.allocUnsafe(8 + bytes);
  out[0] = prefix.dedupe;
  out.writeUIntBE(ordinal, 1, 6);
  out[7] = kind === 'call' ? 0 : 1;
  out.write(key, 8);
  return out;
}

/** What `dedupeKey` was made of. */
export function dedupeNameOf(key: Uint8Array): { readonly kind: DedupeKind; readonly key: string } {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return { kind: bytes[7] === 0 ? 'call' : 'message', key: bytes.toString('utf8', 8) };
}

/** Everything under an ordinal, in five ranges. */
export function rangesOfOrdinal(ordinal: number): readonly KeyRange[] {
  const kinds = [prefix.message, prefix.replacement, prefix.dedupe, prefix.queue, prefix.change];
  return kinds.map((kind) => ({ gte: ordinalKey(kind, ordinal), lt: ordinalKey(kind, ordinal + 1) }));
}

const ordinalKey = (first: number, ordinal: number): Uint8Array => {
  const key = Buffer.allocUnsafe(7);
  key[0] = first;
  key.writeUIntBE(ordinal, 1, 6);
  return key;
};
