import { sql, type RawBuilder } from 'kysely';
import type { ArchiveRow } from '../archive-row.js';
import { maybeNotPlain, plainJson, plainText } from './plain-json.js';

/**
 * How thoroughly JSON is looked at for what `jsonb` refuses: quickly at first; every row, once Postgres
 * has refused one of them.
 */
export type Look = 'quick' | 'thorough';

/** In the order of the primary key: two archives that write the same rows then wait and do not deadlock. */
export function inPlaceOrder(rows: readonly ArchiveRow[]): ArchiveRow[] {
  return [...rows].sort(byPlace);
}

/** The JSON texts for `messages`; null where a body goes as it is. */
function plainTexts(rows: readonly ArchiveRow[], bodies: Buffer, look: Look): (string | null)[] {
  // One look at all bytes costs less than one at each body, and mostly finds nothing.
  if (look === 'quick' && !maybeNotPlain(bodies)) return rows.map(() => null);
  return rows.map(({ body }) => {
    const bytes = bufferOf(body);
    return look === 'thorough' || maybeNotPlain(bytes) ? plainOf(bytes) : null;
  });
}

function plainOf(bytes: Buffer): string | null {
  const text = bytes.toString();
  const plain = plainJson(text);
  return plain === text ? null : plain;
}

function byPlace(a: ArchiveRow, b: ArchiveRow): number {
  if (a.contextId !== b.contextId) return a.contextId < b.contextId ? -1 : 1;
  return a.seq - b.seq;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The rows as a relation `(n, context_id, life, seq, role, role_json, token_count, inserted_at_ms, body,
 * plain)`. Columns go as arrays; the bodies as one value that is cut up in Postgres, since an array of
 * them would have to be written as hexadecimal text.
 */
export function rowColumns(rows: readonly ArchiveRow[], look: Look): RawBuilder<unknown> {
  const ends = endsOf(rows);
  const bodies = Buffer.concat(rows.map(({ body }) => body));
  const texts = (of: (row: ArchiveRow) => string): string => textArray(rows.map(of));
  const numbers = (of: (row: ArchiveRow) => number): string => numberArray(rows.map(of));
  return sql`
    select n, context_id, life, seq, role, role_json, token_count, inserted_at_ms,
      substring(${bodies}::bytea from ends - size + 1 for size) as body, plain
    from unnest(
      ${texts((row) => row.contextId)}::text[],
      ${texts((row) => row.life)}::text[],
      ${numbers((row) => row.seq)}::bigint[],
      ${texts((row) => plainText(row.role))}::text[],
      ${texts((row) => JSON.stringify(row.role))}::text[],
      ${numbers((row) => row.tokenCount)}::integer[],
      ${numbers((row) => row.insertedAt)}::bigint[],
      ${numberArray(ends)}::integer[],
      ${numbers((row) => row.body.byteLength)}::integer[],
      ${textArray(plainTexts(rows, bodies, look))}::text[]
    ) with ordinality as columns (
      context_id, life, seq, role, role_json, token_count, inserted_at_ms, ends, size, plain, n
    )`;
}

function endsOf(rows: readonly ArchiveRow[]): number[] {
  let end = 0;
  return rows.map(({ body }) => (end += body.byteLength));
}

/** Array literals, several times faster than node-postgres makes them. */
function numberArray(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}

/** Ids, lives and roles repeat from row to row, so each is quoted once. */
function textArray(texts: readonly (string | null)[]): string {
  const quoted = new Map<string | null, string>([[null, 'NULL']]);
  const elements = texts.map((text) => {
    const known = quoted.get(text);
    if (known !== undefined) return known;
    const element = `"${(text ?? '').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    quoted.set(text, element);
    return element;
  });
  return `{${elements.join(',')}}`;
}
