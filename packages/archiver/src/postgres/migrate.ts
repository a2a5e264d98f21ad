import { Kysely, PostgresDialect } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { ArchiveError } from '../archive-error.js';
import { BoundedPool } from './bounded-pool.js';
import { checkShape } from './check-shape.js';
import { tables, timeIndex } from './migrations.js';
import type { PostgresSettings } from './options.js';
import { toArchiveError } from './postgres-error.js';
import type { ArchiveTables } from './tables.js';

/** In the order of their names. One that was released is never changed; a new one comes behind it. */
const migrations: Readonly<Record<string, Migration>> = {
  '001_tables': tables,
  '002_shape': { up: (db: Kysely<ArchiveTables>) => checkShape(db) },
  '003_time_index': timeIndex,
};

/**
 * Forward only. Kysely's migrator holds an advisory lock meanwhile, so of several processes that start at
 * once one migrates and the others find it done.
 *
 * @throws ArchiveError
 */
export async function migrate(settings: PostgresSettings): Promise<void> {
  // Its own connections: an index over a large table takes longer than any other statement may.
  const pool = new BoundedPool({ ...settings, maxConnections: 2 }, settings.migrationTimeoutMs);
  const db = new Kysely<ArchiveTables>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(migrations) },
      migrationTableName: 'archive_migration',
      migrationLockTableName: 'archive_migration_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw explained(error);
    await checkShape(db);
  } catch (error) {
    throw toArchiveError(error);
  } finally {
    await db.destroy();
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('corrupted migrations')) return error;
  return new ArchiveError(
    'archive_schema',
    `The archive was migrated by another version than this one (${error.message}): start the newer version.`,
    error,
  );
}
