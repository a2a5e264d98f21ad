import { crc32 } from 'node:zlib';
import { getU16, getU32, getU48, putU16, putU32, putU48 } from '../layout/bytes.js';

/** What was durable of one group as of batch `seq`. */
export interface FencedGroup {
  readonly seq: number;
  readonly last: number;
  readonly compacted: number;
}

/** What a fence file says. */
export interface Fence {
  readonly storeId: string;
  /** Every batch up to this one was durable. 0: none yet. */
  readonly seq: number;
  readonly groups: ReadonlyMap<number, FencedGroup>;
}

/** A group's line in a record. */
export interface FenceLine {
  readonly group: number;
  readonly last: number;
  readonly compacted: number;
  readonly destroyed: boolean;
}

// Header: magic, format u16, store id (16 bytes), crc. Record: crc, body length u32, seq u48, lines.
const magic = Buffer.from('fpfence\n');
const storeIdBytes = 16;
const headerBytes = magic.length + 2 + storeIdBytes + 4;
const recordHeadBytes = 8;
const lineBytes = 2 + 6 + 6 + 1;

export function encodeFenceHeader(version: number, storeId: string): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  putU16(header, magic.length, version);
  header.set(Buffer.from(storeId, 'hex'), magic.length + 2);
  putU32(header, headerBytes - 4, crc32(header.subarray(0, headerBytes - 4)));
  return header;
}

export function encodeFenceRecord(seq: number, lines: readonly FenceLine[]): Buffer {
  const record = Buffer.allocUnsafe(recordHeadBytes + 6 + lines.length * lineBytes);
  putU32(record, 4, record.length - recordHeadBytes);
  putU48(record, 8, seq);
  let at = recordHeadBytes + 6;
  for (const line of lines) {
    putU16(record, at, line.group);
    putU48(record, at + 2, line.last);
    putU48(record, at + 8, line.compacted);
    record[at + 14] = line.destroyed ? 1 : 0;
    at += lineBytes;
  }
  putU32(record, 0, crc32(record.subarray(4)));
  return record;
}

export type ReadFence =
  | { readonly kind: 'fence'; readonly fence: Fence }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'damaged' };

/**
 * Reads a fence. Stops at the first record that does not match its checksum: what comes before it is
 * a lower bound still, and the last record may be torn by a crash.
 */
export function decodeFence(bytes: Buffer, version: number): ReadFence {
  const crc = bytes.length < headerBytes ? -1 : getU32(bytes, headerBytes - 4);
  if (crc !== crc32(bytes.subarray(0, headerBytes - 4)) || !bytes.subarray(0, magic.length).equals(magic))
    return { kind: 'damaged' };
  const found = getU16(bytes, magic.length);
  if (found !== version) return { kind: 'version', version: found };
  const storeId = bytes.subarray(magic.length + 2, headerBytes - 4).toString('hex');
  const groups = new Map<number, FencedGroup>();
  let seq = 0;
  for (let at = headerBytes; at + recordHeadBytes <= bytes.length;) {
    const end = at + recordHeadBytes + getU32(bytes, at + 4);
    if (end > bytes.length || getU32(bytes, at) !== crc32(bytes.subarray(at + 4, end))) break;
    seq = getU48(bytes, at + recordHeadBytes);
    for (let line = at + recordHeadBytes + 6; line + lineBytes <= end; line += lineBytes) {
      const group = getU16(bytes, line);
      if (bytes[line + 14] === 1) groups.delete(group);
      else groups.set(group, { seq, last: getU48(bytes, line + 2), compacted: getU48(bytes, line + 8) });
    }
    at = end;
  }
  return { kind: 'fence', fence: { storeId, seq, groups } };
}
