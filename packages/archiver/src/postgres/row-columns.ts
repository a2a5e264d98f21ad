import { sql, type RawBuilder } from 'kysely';
import type { ArchiveRow } from '../archive-row.js';
import { maybeNotPlain, plainJson, plainText } from './plain-json.js';

/** Rows with the JSON text for `messages` where it is not their body as it is. */
export interface PreparedRow {
  readonly row: ArchiveRow;
  readonly plain: string | null;
}

/** In the order of the primary key: two archives that write the same rows then wait and do not deadlock. */
export function prepareRows(rows: readonly ArchiveRow[]): PreparedRow[] {
  const sorted = [...rows].sort(byPlace);
  // One look at all bytes costs less than one at each body, and mostly finds nothing.
  const suspicious = maybeNotPlain(Buffer.concat(sorted.map(({ body }) => body)));
  return sorted.map((row) => {
    const bytes = bufferOf(row.body);
    return { row, plain: suspicious && maybeNotPlain(bytes) ? plainOf(bytes) : null };
  });
}

/** The same with a thorough look at every row, for when Postgres refused one of them. */
export function prepareThoroughly(rows: readonly PreparedRow[]): PreparedRow[] {
  return rows.map(({ row }) => ({ row, plain: plainOf(bufferOf(row.body)) }));
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
export function rowColumns(rows: readonly PreparedRow[]): RawBuilder<unknown> {
  const ends = endsOf(rows);
  const texts = (of: (row: ArchiveRow) => string): string => textArray(rows.map(({ row }) => of(row)));
  const numbers = (of: (row: ArchiveRow) => number): string => numberArray(rows.map(({ row }) => of(row)));
  return sql`
    select n, context_id, life, seq, role, role_json, token_count, inserted_at_ms,
      substring(${Buffer.concat(rows.map(({ row }) => row.body))}::bytea from ends - size + 1 for size) as body, plain
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
      ${textArray(rows.map(({ plain }) => plain))}::text[]
    ) with ordinality as columns (
      context_id, life, seq, role, role_json, token_count, inserted_at_ms, ends, size, plain, n
    )`;
}

function endsOf(rows: readonly PreparedRow[]): number[] {
  let end = 0;
  return rows.map(({ row }) => (end += row.body.byteLength));
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
