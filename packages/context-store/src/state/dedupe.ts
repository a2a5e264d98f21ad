import type { KeyOp } from '@fastpaca/log-storage';

import { ByteReader } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import { contentHashBytes, type ContentHash } from '../command/command.js';
import type { ContextRecord, DedupeQueue } from '../context/context-record.js';
import type { AppendedSeq, StateReader } from './change.js';
import { dedupeKey, queueKey, type DedupeKind } from './keys.js';

/**
 * How long a key is remembered: until it is older than both the newest 1,000 appends of its context
 * and 24 hours. Then the appends that follow forget it, oldest first, `evictions` at a time, so
 * that no command pays for a backlog. Keys of a context that gets no appends stay: they are bounded
 * by what was appended.
 */
export const rememberedAppends = 1_000;
export const rememberedMs = 24 * 60 * 60 * 1_000;
const evictions = 8;

export interface DedupeEntry {
  readonly hash: ContentHash;
  readonly version: number;
  readonly results: readonly AppendedSeq[];
}

export interface NewKey {
  readonly kind: DedupeKind;
  readonly key: string;
  readonly entry: DedupeEntry;
}

export function findEntry(
  reader: StateReader,
  record: ContextRecord,
  kind: DedupeKind,
  key: string,
): DedupeEntry | null {
  const bytes = reader.get(dedupeKey(record.ordinal, kind, key));
  return bytes === undefined ? null : decodeDedupeEntry(bytes);
}

/** Remembers new keys for the append numbered `append`, and forgets old ones. */
export function remember(
  reader: StateReader,
  record: ContextRecord,
  append: number,
  at: number,
  keys: readonly NewKey[],
): { readonly ops: readonly KeyOp[]; readonly queue: DedupeQueue } {
  const ops: KeyOp[] = [];
  const kept = forget(reader, record, append, at, evictions + 2 * keys.length, ops);
  let { tail } = kept;
  for (const { kind, key, entry } of keys) {
    const entryKey = dedupeKey(record.ordinal, kind, key);
    ops.push({ type: 'put', key: entryKey, value: encodeDedupeEntry(entry) });
    ops.push({ type: 'put', key: queueKey(record.ordinal, tail), value: encodePlace(append, at, entryKey) });
    tail += 1;
  }
  const wasEmpty = kept.head === kept.tail && tail > kept.tail;
  return { ops, queue: wasEmpty ? { ...kept, tail, headAppend: append, headAt: at } : { ...kept, tail } };
}

function forget(
  reader: StateReader,
  record: ContextRecord,
  append: number,
  at: number,
  limit: number,
  ops: KeyOp[],
): DedupeQueue {
  let { head, headAppend, headAt } = record.queue;
  const { tail } = record.queue;
  let place = head < tail ? { append: headAppend, at: headAt } : null;
  const first = head;
  while (place !== null && head - first < limit) {
    if (place.append > append - rememberedAppends || place.at > at - rememberedMs) break;
    const key = queueKey(record.ordinal, head);
    ops.push({ type: 'del', key: readPlace(reader, key).entryKey }, { type: 'del', key });
    head += 1;
    place = head < tail ? readPlace(reader, queueKey(record.ordinal, head)) : null;
    headAppend = place?.append ?? 0;
    headAt = place?.at ?? 0;
  }
  return { head, tail, headAppend, headAt };
}

function readPlace(reader: StateReader, key: Uint8Array): QueuePlace {
  const bytes = reader.get(key);
  if (bytes === undefined) throw new Error('The dedupe queue has a hole: the key space is damaged.');
  return decodePlace(bytes);
}

export interface QueuePlace {
  readonly append: number;
  readonly at: number;
  readonly entryKey: Uint8Array;
}

export function decodePlace(bytes: Uint8Array): QueuePlace {
  const reader = new ByteReader(bytes);
  return { append: reader.varint(), at: reader.varint(), entryKey: reader.bytes() };
}

export const encodePlace = (append: number, at: number, entryKey: Uint8Array): Uint8Array =>
  new ByteWriter(24 + entryKey.length).varint(append).varint(at).bytes(entryKey).finish();

export function encodeDedupeEntry(entry: DedupeEntry): Uint8Array {
  const writer = new ByteWriter(48).raw(entry.hash).varint(entry.version).varint(entry.results.length);
  for (const { seq, tokens } of entry.results) writer.varint(seq).varint(tokens);
  return writer.finish();
}

export function decodeDedupeEntry(bytes: Uint8Array): DedupeEntry {
  const reader = new ByteReader(bytes);
  const hash = reader.raw(contentHashBytes);
  const version = reader.varint();
  const count = reader.varint();
  const results: AppendedSeq[] = [];
  for (let index = 0; index < count; index += 1) {
    results.push({ seq: reader.varint(), tokens: reader.varint() });
  }
  return { hash, version, results };
}
