import { crc32 } from 'node:zlib';
import type { Entry, EntryType, LogIndex, Term } from '@fastpaca/raft-core';
import { getU48, putU32, putU48, sealBytes, unseal } from '../layout/bytes.js';
import { entryIndexOf, entryKeyBytes, putEntryKey } from '../layout/keys.js';

// Value of an entry: type u8, term u48, data, seal.
const headBytes = 7;

const codes: Record<EntryType, number> = { normal: 0, config: 1, noop: 2 };
const types: readonly EntryType[] = ['normal', 'config', 'noop'];

/** Bytes that `encodeEntry` takes of the slab, key and value together. */
export function encodedBytes(entry: Entry): number {
  return entryKeyBytes + headBytes + entry.data.length + sealBytes;
}

/**
 * Writes key and value side by side into `slab`, so that one call checks both and one allocation
 * serves a whole batch. Returns where the value ends.
 */
export function encodeEntry(slab: Buffer, at: number, group: number, entry: Entry): number {
  putEntryKey(slab, at, group, entry.index);
  const body = at + entryKeyBytes;
  slab[body] = codes[entry.type];
  putU48(slab, body + 1, entry.term);
  slab.set(entry.data, body + headBytes);
  const end = body + headBytes + entry.data.length;
  putU32(slab, end, crc32(slab.subarray(at, end)));
  return end + sealBytes;
}

/** The entry, or null where key and value do not match their checksum. */
export function decodeEntry(key: Uint8Array, value: Uint8Array): Entry | null {
  if (key.length !== entryKeyBytes || value.length < headBytes + sealBytes) return null;
  const body = unseal(key, value);
  const type = types[value[0] ?? -1];
  if (body === null || type === undefined) return null;
  return {
    index: entryIndexOf(key) as LogIndex,
    term: getU48(body, 1) as Term,
    type,
    data: body.subarray(headBytes),
  };
}
