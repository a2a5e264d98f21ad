import { crc32 } from 'node:zlib';
import type { ArchiveRow } from '../archive-row.js';

const newline = 0x0a;
const asJson = Buffer.from(',"message":');
const asBase64 = Buffer.from(',"message_base64":"');
const checksumBytes = '{"crc":"00000000",'.length;

interface Head {
  readonly context_id: string;
  readonly life: string;
  readonly seq: number;
  readonly role: string;
  readonly token_count: number;
  readonly inserted_at_ms: number;
}

/**
 * One row as one line of JSON: `{"crc":…,"context_id":…,…,"message":{…}}`. The message stands there byte for
 * byte; one that holds a line break itself goes as Base64. The checksum is of all that follows it.
 */
export function encodeLine(row: ArchiveRow): Buffer {
  const head: Head = {
    context_id: row.contextId,
    life: row.life,
    seq: row.seq,
    role: row.role,
    token_count: row.tokenCount,
    inserted_at_ms: row.insertedAt,
  };
  const body = Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength);
  const fields = Buffer.from(JSON.stringify(head).slice(1, -1));
  const rest = body.includes(newline)
    ? [fields, asBase64, Buffer.from(body.toString('base64')), Buffer.from('"}')]
    : [fields, asJson, body, Buffer.from('}')];
  const checked = Buffer.concat(rest);
  return Buffer.concat([Buffer.from(`{"crc":"${checksum(checked)}",`), checked, Buffer.from('\n')]);
}

/** @param line Without its line break. Null where it is not what `encodeLine` wrote. */
export function decodeLine(line: Buffer): ArchiveRow | null {
  const checked = line.subarray(checksumBytes);
  if (line.toString('latin1', 8, 16) !== checksum(checked)) return null;
  // Neither can stand in the head before: a quotation mark inside a JSON string has a backslash.
  const jsonAt = checked.indexOf(asJson);
  const base64At = checked.indexOf(asBase64);
  const plain = jsonAt !== -1 && (base64At === -1 || jsonAt < base64At);
  const end = plain ? jsonAt : base64At;
  if (end === -1) return null;
  const head = JSON.parse(`{${checked.toString('utf8', 0, end)}}`) as Head;
  const body = plain
    ? checked.subarray(end + asJson.length, -1)
    : Buffer.from(checked.toString('latin1', end + asBase64.length, checked.length - 2), 'base64');
  return {
    contextId: head.context_id,
    life: head.life,
    seq: head.seq,
    role: head.role,
    body,
    tokenCount: head.token_count,
    insertedAt: head.inserted_at_ms,
  };
}

function checksum(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** Whether two rows of one place say the same. */
export function sameRow(a: ArchiveRow, b: ArchiveRow): boolean {
  return encodeLine(a).equals(encodeLine(b));
}
