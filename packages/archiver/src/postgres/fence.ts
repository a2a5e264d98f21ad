import { sql, type Transaction } from 'kysely';
import type { ArchiveTables } from './tables.js';

/** Any two numbers of our own; all archives of one database share them, which does no harm. */
const lockKeys = '1178686568, 1';

/**
 * The beginning of each transaction, in one round trip.
 *
 * Writers hold the lock shared and look for erased lives in a later statement, an eraser takes it alone
 * to add one. So an eraser waits for the writes under way, and a write that waited for an eraser sees
 * what it added: its statement has a newer snapshot. Without the lock a write that began before the
 * erasure could insert after it.
 */
export async function enterFence(
  transaction: Transaction<ArchiveTables>,
  mode: 'shared' | 'alone',
  statementTimeoutMs: number,
): Promise<void> {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  // A commit that is not on disk when it is answered would be acknowledged and could be lost.
  await sql
    .raw(
      `set local statement_timeout = ${statementTimeoutMs};
       select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
       select ${lock}(${lockKeys})`,
    )
    .execute(transaction);
}
