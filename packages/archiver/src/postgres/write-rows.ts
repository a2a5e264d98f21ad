import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { WriteOutcome } from '../archive-adapter.js';
import type { ArchiveRow } from '../archive-row.js';
import { enterFence } from './fence.js';
import { isDataError } from './postgres-error.js';
import { inPlaceOrder, rowColumns, type Look } from './row-columns.js';
import { statementChunks } from './statement-chunks.js';
import type { ArchiveTables } from './tables.js';

type Refused = WriteOutcome['refused'];

/** One transaction, with a statement for every thousand rows, unless a row is refused. */
export async function writeRows(
  db: Kysely<ArchiveTables>,
  rows: readonly ArchiveRow[],
  statementTimeoutMs: number,
): Promise<WriteOutcome> {
  const write = (some: readonly ArchiveRow[], look: Look): Promise<WriteOutcome> =>
    insertExceptConflicts(db, some, look, statementTimeoutMs);
  const ordered = inPlaceOrder(rows);
  try {
    return await write(ordered, 'quick');
  } catch (error) {
    if (!isDataError(error)) throw error;
    return await bisect(ordered, (some) => write(some, 'thorough'));
  }
}

/** Postgres does not say which row it refuses, so halves are tried until the row stands alone. */
async function bisect(
  rows: readonly ArchiveRow[],
  write: (rows: readonly ArchiveRow[]) => Promise<WriteOutcome>,
): Promise<WriteOutcome> {
  try {
    return await write(rows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    const [only, ...others] = rows;
    if (only !== undefined && others.length === 0) {
      return { inserted: 0, insertedBytes: 0, refused: [{ row: only, reason: error.message }] };
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
  rows: readonly ArchiveRow[],
  look: Look,
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
        .execute((transaction) => insertAll(transaction, attempt, look, statementTimeoutMs));
      return { ...counts, refused };
    } catch (error) {
      if (!(error instanceof ConflictSignal)) throw error;
      for (const [index, reason] of error.found) {
        const row = attempt[index];
        if (row !== undefined) refused.push({ row, reason });
      }
      left = attempt.filter((_, index) => !error.found.has(index));
    }
  }
  return { inserted: 0, insertedBytes: 0, refused };
}

interface Inserted {
  readonly inserted: number;
  readonly insertedBytes: number;
}

/** @throws ConflictSignal with all rows that are there with another content */
async function insertAll(
  transaction: Transaction<ArchiveTables>,
  rows: readonly ArchiveRow[],
  look: Look,
  statementTimeoutMs: number,
): Promise<Inserted> {
  await enterFence(transaction, 'shared', statementTimeoutMs);
  const found = new Map<number, string>();
  const sum = { inserted: 0, insertedBytes: 0 };
  const insert = async (columns: RawBuilder<unknown>, first: number): Promise<void> => {
    const { given, bodies, bytes, messages } = await insertBoth(transaction, columns);
    sum.inserted += bodies;
    sum.insertedBytes += bytes;
    // Rows that were there already: nearly always the same ones, delivered twice.
    if (bodies === given && messages === given) return;
    const conflicts = await findConflicts(transaction, columns, messages < bodies);
    for (const [index, reason] of conflicts) found.set(first + index, reason);
  };
  let first = 0;
  let running = Promise.resolve();
  for (const chunk of statementChunks(rows)) {
    // Made while Postgres still has the one before.
    const columns = rowColumns(chunk, look);
    await running;
    running = insert(columns, first);
    first += chunk.length;
  }
  await running;
  if (found.size > 0) throw new ConflictSignal(found);
  return sum;
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
