import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { WriteOutcome } from '../archive-adapter.js';
import type { ArchiveRow } from '../archive-row.js';
import { enterFence } from './fence.js';
import { isDataError } from './postgres-error.js';
import { prepareRows, prepareThoroughly, rowColumns, type PreparedRow } from './row-columns.js';
import type { ArchiveTables } from './tables.js';

type Refused = WriteOutcome['refused'];

/** Four round trips and one transaction, unless a row is refused. */
export async function writeRows(
  db: Kysely<ArchiveTables>,
  rows: readonly ArchiveRow[],
  statementTimeoutMs: number,
): Promise<WriteOutcome> {
  const write = (prepared: readonly PreparedRow[]): Promise<WriteOutcome> =>
    insertExceptConflicts(db, prepared, statementTimeoutMs);
  const prepared = prepareRows(rows);
  try {
    return await write(prepared);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return await bisect(prepareThoroughly(prepared), write);
  }
}

/** Postgres does not say which row it refuses, so halves are tried until the row stands alone. */
async function bisect(
  rows: readonly PreparedRow[],
  write: (rows: readonly PreparedRow[]) => Promise<WriteOutcome>,
): Promise<WriteOutcome> {
  try {
    return await write(rows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const [only, ...others] = rows;
    if (only !== undefined && others.length === 0) {
      return { inserted: 0, insertedBytes: 0, refused: [{ row: only.row, reason: error.message }] };
    }
    const middle = Math.ceil(rows.length / 2);
    const first = await bisect(rows.slice(0, middle), write);
    const second = await bisect(rows.slice(middle), write);
    return {
      inserted: first.inserted + second.inserted,
      insertedBytes: first.insertedBytes + second.insertedBytes,
      refused: [...first.refused, ...second.refused],
    };
  }
}

/** Rolls the transaction back. */
class ConflictSignal extends Error {
  readonly found: ReadonlyMap<number, string>;

  constructor(found: ReadonlyMap<number, string>) {
    super('Some rows are in the archive with another content.');
    this.found = found;
  }
}

/** Writes all rows, or, where some are there with another content, all but those. */
async function insertExceptConflicts(
  db: Kysely<ArchiveTables>,
  rows: readonly PreparedRow[],
  statementTimeoutMs: number,
): Promise<WriteOutcome> {
  const refused: Refused[number][] = [];
  let left = rows;
  while (left.length > 0) {
    const attempt = left;
    try {
      const counts = await db
        .transaction()
        .setIsolationLevel('read committed')
        .execute((transaction) => insertAll(transaction, attempt, statementTimeoutMs));
      return { ...counts, refused };
    } catch (error) {
      if (!(error instanceof ConflictSignal)) throw error;
      for (const [index, reason] of error.found) {
        const conflicting = attempt[index];
        if (conflicting !== undefined) refused.push({ row: conflicting.row, reason });
      }
      left = attempt.filter((_, index) => !error.found.has(index));
    }
  }
  return { inserted: 0, insertedBytes: 0, refused };
}

async function insertAll(
  transaction: Transaction<ArchiveTables>,
  rows: readonly PreparedRow[],
  statementTimeoutMs: number,
): Promise<{ inserted: number; insertedBytes: number }> {
  await enterFence(transaction, 'shared', statementTimeoutMs);
  const columns = rowColumns(rows);
  const { given, bodies, bytes, messages } = await insertBoth(transaction, columns);
  // Rows that were there already: nearly always the same ones, delivered twice.
  if (bodies < given || messages < given) {
    const found = await findConflicts(transaction, columns, messages < bodies);
    if (found.size > 0) throw new ConflictSignal(found);
  }
  return { inserted: bodies, insertedBytes: bytes };
}

/**
 * `json` is the message as `jsonb`; rows of erased lives are left out. The order is stated, since the join
 * may lose it, and two archives that insert the same rows in different orders lock each other out.
 */
function input(columns: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    columns as materialized (${columns}),
    input as materialized (
      select *, coalesce(plain, convert_from(body, 'UTF8'))::jsonb as json,
        timestamptz 'epoch' + inserted_at_ms * interval '1 millisecond' as inserted_at
      from columns
      where not exists (
        select from archive_erased e where e.context_id = columns.context_id and e.life = columns.life
      )
      order by n
    )`;
}

const parts = sql.raw(`coalesce(json -> 'parts', '[]')`);
const metadata = sql.raw(`coalesce(json -> 'metadata', '{}')`);

async function insertBoth(
  transaction: Transaction<ArchiveTables>,
  columns: RawBuilder<unknown>,
): Promise<{ given: number; bodies: number; bytes: number; messages: number }> {
  const { rows } = await sql<Record<'given' | 'bodies' | 'bytes' | 'messages', string>>`
    with ${input(columns)},
    bodies as (
      insert into message_bodies (context_id, seq, life, role_json, token_count, inserted_at_ms, body)
      select context_id, seq, life, role_json, token_count, inserted_at_ms, body from input
      on conflict do nothing
      returning octet_length(body) as bytes
    ),
    written as (
      insert into messages (context_id, seq, role, parts, metadata, token_count, inserted_at)
      select context_id, seq, role, ${parts}, ${metadata}, token_count, inserted_at from input
      on conflict do nothing
      returning 1
    )
    select
      (select count(*) from input) as given,
      (select count(*) from bodies) as bodies,
      (select coalesce(sum(bytes), 0) from bodies) as bytes,
      (select count(*) from written) as messages`.execute(transaction);
  const [counts] = rows;
  if (counts === undefined) throw new TypeError('A statement without a table gave no row.');
  return {
    given: Number(counts.given),
    bodies: Number(counts.bodies),
    bytes: Number(counts.bytes),
    messages: Number(counts.messages),
  };
}

/**
 * The indexes of rows that are there with another content, with why.
 *
 * @param foreign Whether `messages` has rows that no archive wrote: they too must say the same.
 */
async function findConflicts(
  transaction: Transaction<ArchiveTables>,
  columns: RawBuilder<unknown>,
  foreign: boolean,
): Promise<ReadonlyMap<number, string>> {
  const { rows } = await sql<{ n: string; reason: string }>`
    with ${input(columns)}
    select n, case
      when b.life <> input.life then 'rows of another context with this id are in the archive'
      when (b.body, b.role_json, b.token_count, b.inserted_at_ms)
        is distinct from (input.body, input.role_json, input.token_count, input.inserted_at_ms)
        then 'message_bodies has another message at this place'
      else 'table messages has another row at this place'
    end as reason
    from input
    join message_bodies b using (context_id, seq)
    join messages m using (context_id, seq)
    where b.life <> input.life
      or (b.body, b.role_json, b.token_count, b.inserted_at_ms)
        is distinct from (input.body, input.role_json, input.token_count, input.inserted_at_ms)
      or (${foreign} and (m.role, m.parts, m.metadata, m.token_count, m.inserted_at)
        is distinct from (input.role, ${parts}, ${metadata}, input.token_count, input.inserted_at))
    `.execute(transaction);
  return new Map(rows.map(({ n, reason }) => [Number(n) - 1, reason]));
}
