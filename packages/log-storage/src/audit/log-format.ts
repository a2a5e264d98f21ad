import { crc32c, unmask } from './crc32c.js';

// The format of LevelDB's log files and MANIFEST (doc/log_format.md): blocks of 32 KiB; in them
// fragments of crc32c u32, length u16, type u8, data; a block's last 0 to 6 bytes are zeros. All
// little-endian.

export const blockBytes = 32 << 10;
export const fragmentHead = 7;

const full = 1;
const first = 2;
// 3: a middle fragment.
const last = 4;

/** One batch of a log, or one edit of a MANIFEST. */
export interface LogRecord {
  readonly offset: number;
  /** The whole record, or its beginning where only that was asked for. */
  readonly data: Buffer;
}

export interface LogDamage {
  readonly offset: number;
  readonly what: string;
  /**
   * Looks like the batch that was being written when the process or the power went: nothing valid
   * follows, and the file ends in the middle of it or sectors of it were never written (etcd tells
   * the two apart the same way: server/storage/wal/decoder.go, isTornEntry).
   */
  readonly torn: boolean;
}

export interface CheckedLog {
  readonly records: number;
  readonly damage: LogDamage | null;
}

/** Checks a whole file in memory and hands its records to `onRecord`, at most `keep` bytes of each. */
export function checkLog(
  file: Buffer,
  keep: number,
  onRecord: (record: LogRecord) => string | null,
): CheckedLog {
  let at = 0;
  let records = 0;
  let begun: { offset: number; parts: Buffer[]; size: number } | null = null;
  const damaged = (offset: number, what: string): CheckedLog => ({
    records,
    damage: { offset, what, torn: isTorn(file, begun?.offset ?? offset, offset) },
  });
  for (;;) {
    const left = blockBytes - (at % blockBytes);
    if (left < fragmentHead) {
      if (!isZero(file, at, at + left)) return damaged(at, 'the filler at the end of a block is not zero');
      at += left;
      continue;
    }
    if (at >= file.length) break;
    const fragment = readFragment(file, at);
    if (typeof fragment === 'string') return damaged(at, fragment);
    const { type, from, to } = fragment;
    const starts = type === full || type === first;
    if (starts !== (begun === null)) return damaged(at, 'a fragment does not belong to the one before');
    begun ??= { offset: at, parts: [], size: 0 };
    if (begun.size < keep) begun.parts.push(file.subarray(from, Math.min(to, from + keep - begun.size)));
    begun.size += to - from;
    at = to;
    if (type !== full && type !== last) continue;
    const [only, ...more] = begun.parts;
    const data = only !== undefined && more.length === 0 ? only : Buffer.concat(begun.parts);
    const refused = onRecord({ offset: begun.offset, data });
    if (refused !== null) return { records, damage: { offset: begun.offset, what: refused, torn: false } };
    begun = null;
    records += 1;
  }
  return begun === null ? { records, damage: null } : damaged(file.length, 'the file ends inside a record');
}

interface Fragment {
  readonly type: number;
  readonly from: number;
  readonly to: number;
}

function readFragment(file: Buffer, at: number): Fragment | string {
  if (at + fragmentHead > file.length) return 'the file ends inside a record';
  const from = at + fragmentHead;
  const to = from + file.readUInt16LE(at + 4);
  const type = file[at + 6] ?? 0;
  if (to > at - (at % blockBytes) + blockBytes) return 'a length leads out of its block';
  if (to > file.length) return 'the file ends inside a record';
  if (type < full || type > last) return `a fragment has the unknown type ${type}`;
  if (crc32c(file, at + 6, to) !== unmask(file.readUInt32LE(at))) return 'a checksum does not match';
  return { type, from, to };
}

/** `begin`: where the record starts that is damaged at `offset`. */
function isTorn(file: Buffer, begin: number, offset: number): boolean {
  if (beginsRecordAfter(file, offset + 1)) return false;
  const fragment = readFragment(file, offset);
  if (fragment === 'the file ends inside a record') return true;
  const sector = 512;
  for (let at = begin - (begin % sector); at < file.length; at += sector) {
    const from = Math.max(at, begin);
    const to = Math.min(at + sector, file.length);
    if (to > from && isZero(file, from, to)) return true;
  }
  return false;
}

/** Whether a record begins anywhere behind the damage, also inside what a wrong length would skip. */
function beginsRecordAfter(file: Buffer, from: number): boolean {
  for (let at = from; at + fragmentHead <= file.length; at += 1) {
    const type = file[at + 6];
    if (type !== full && type !== first) continue;
    if (typeof readFragment(file, at) !== 'string') return true;
  }
  return false;
}

function isZero(file: Buffer, from: number, to: number): boolean {
  const end = Math.min(to, file.length);
  for (let at = from; at < end; at += 1) if (file[at] !== 0) return false;
  return true;
}
