import { Kysely, PostgresDialect } from 'kysely';
import type { ArchiveAdapter, WriteOutcome } from '../archive-adapter.js';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveRow } from '../archive-row.js';
import { BoundedPool } from './bounded-pool.js';
import { eraseLife } from './erase-life.js';
import { migrate } from './migrate.js';
import { settingsOf, type PostgresArchiveOptions, type PostgresSettings } from './options.js';
import { toArchiveError } from './postgres-error.js';
import { readRows } from './read-rows.js';
import type { ArchiveTables } from './tables.js';
import { writeRows } from './write-rows.js';

/** How much longer than Postgres itself this side waits for the end of a statement. */
const graceMs = 2_000;

/**
 * Messages in Postgres: table `messages` as documented, for SQL, and `message_bodies` with the exact
 * bytes, for reading back. Connects when it is first used.
 *
 * ```ts
 * const archive = new PostgresArchive({ connectionString: 'postgres://me:secret@localhost/chat' });
 * await archive.migrate();
 * ```
 *
 * Every method rejects with `ArchiveError`.
 */
export class PostgresArchive implements ArchiveAdapter {
  readonly #settings: PostgresSettings;
  readonly #db: Kysely<ArchiveTables>;
  #closed = false;

  /** @throws RangeError where a limit is out of its range */
  constructor(options: PostgresArchiveOptions) {
    this.#settings = settingsOf(options);
    const pool = new BoundedPool(this.#settings, this.#settings.statementTimeoutMs + graceMs);
    this.#db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  }

  migrate(): Promise<void> {
    return this.#typed(() => migrate(this.#settings));
  }

  write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    return this.#typed(() => writeRows(this.#db, rows, this.#settings.statementTimeoutMs));
  }

  read(
    context: { readonly contextId: string; readonly life: string },
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    return this.#typed(() => readRows(this.#db, context, range));
  }

  erase(context: { readonly contextId: string; readonly life: string }): Promise<void> {
    return this.#typed(() => eraseLife(this.#db, context, this.#settings.statementTimeoutMs));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#db.destroy();
  }

  async #typed<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new ArchiveError('archive_closed', 'The archive is closed.');
    try {
      return await call();
    } catch (error) {
      throw toArchiveError(error);
    }
  }
}
