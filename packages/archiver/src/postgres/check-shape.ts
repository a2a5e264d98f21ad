import { sql, type Kysely } from 'kysely';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveTables } from './tables.js';

/** The documented shape, types as Postgres' `format_type` names them. */
const documented: Readonly<Record<string, string>> = {
  context_id: 'text',
  seq: 'bigint',
  role: 'text',
  parts: 'jsonb',
  metadata: 'jsonb',
  token_count: 'integer',
  inserted_at: 'timestamp with time zone',
};
const primaryKey = ['context_id', 'seq'];

export interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether a row can be inserted without a value for it. */
  readonly optional: boolean;
  /** Its place in the primary key, from 1 on. */
  readonly key_place: number | null;
}

/**
 * What is wrong with a table `messages` that has these columns, or null. More columns than the
 * documented ones are fine as long as a row can be inserted without them.
 */
export function shapeProblem(columns: readonly Column[]): string | null {
  const found = new Map(columns.map((column) => [column.name, column]));
  for (const [name, type] of Object.entries(documented)) {
    const column = found.get(name);
    if (column === undefined) return `column ${name} (${type}) is missing`;
    if (column.type !== type) return `column ${name} is ${column.type} and must be ${type}`;
  }
  for (const { name, optional } of columns) {
    if (documented[name] !== undefined || optional) continue;
    return `column ${name} takes no row without a value for it: give it a default, or allow null`;
  }
  const key = columns
    .filter(({ key_place: place }) => place !== null)
    .sort((a, b) => (a.key_place ?? 0) - (b.key_place ?? 0))
    .map(({ name }) => name);
  if (key.join() === primaryKey.join()) return null;
  const is = key.length === 0 ? 'it has none' : `it is (${key.join(', ')})`;
  return `the primary key must be (${primaryKey.join(', ')}), and ${is}`;
}

/** @throws ArchiveError `archive_schema`, whose message names the column */
export async function checkShape(db: Kysely<ArchiveTables>): Promise<void> {
  await checkEncoding(db);
  const { rows } = await sql<Column>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      (not a.attnotnull or a.atthasdef or a.attidentity <> '') as optional,
      array_position(k.indkey::int2[], a.attnum) + 1 as key_place
    from pg_attribute a
    left join pg_index k on k.indrelid = a.attrelid and k.indisprimary
    where a.attrelid = to_regclass('messages') and a.attnum > 0 and not a.attisdropped
    order by a.attnum`.execute(db);
  const problem = shapeProblem(rows);
  if (problem === null) return;
  throw new ArchiveError(
    'archive_schema',
    `Table messages is not of the documented shape: ${problem}. Change it, or give the archive another database or search_path.`,
  );
}

/** `jsonb` of another encoding refuses every escaped character that the encoding does not have. */
async function checkEncoding(db: Kysely<ArchiveTables>): Promise<void> {
  const { rows } = await sql<{ server_encoding: string }>`show server_encoding`.execute(db);
  const encoding = rows[0]?.server_encoding;
  if (encoding === 'UTF8') return;
  throw new ArchiveError(
    'archive_schema',
    `The database has the encoding ${encoding ?? 'unknown'} and must have UTF8: create one with ENCODING 'UTF8'.`,
  );
}
