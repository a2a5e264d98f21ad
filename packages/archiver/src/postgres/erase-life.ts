import { sql, type Kysely } from 'kysely';
import { enterFence } from './fence.js';
import type { ArchiveTables } from './tables.js';

/** Rows that go with one statement, so that a long history does not run into the statement's deadline. */
const rowsAtOnce = 5_000;

/**
 * First the life is fenced off for good, then its rows go. The fence stays: nobody knows how late a
 * node that was cut off may still try to write.
 */
export async function eraseLife(
  db: Kysely<ArchiveTables>,
  { contextId, life }: { readonly contextId: string; readonly life: string },
  statementTimeoutMs: number,
): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      await enterFence(transaction, 'alone', statementTimeoutMs);
      await transaction
        .insertInto('archive_erased')
        .values({ context_id: contextId, life })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  let gone: number;
  do {
    gone = await eraseSome(db, contextId, life, statementTimeoutMs);
  } while (gone === rowsAtOnce);
}

async function eraseSome(
  db: Kysely<ArchiveTables>,
  contextId: string,
  life: string,
  statementTimeoutMs: number,
): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    await enterFence(transaction, 'shared', statementTimeoutMs);
    const { rows } = await sql<{ gone: string }>`
      with doomed as materialized (
        select context_id, seq from message_bodies
        where context_id = ${contextId} and life = ${life}
        order by seq
        limit ${rowsAtOnce}
      ),
      gone as (
        delete from messages m using doomed where m.context_id = doomed.context_id and m.seq = doomed.seq
      ),
      bodies as (
        delete from message_bodies b using doomed
        where b.context_id = doomed.context_id and b.seq = doomed.seq
        returning 1
      )
      select count(*) as gone from bodies`.execute(transaction);
    return Number(rows[0]?.gone ?? 0);
  });
}
