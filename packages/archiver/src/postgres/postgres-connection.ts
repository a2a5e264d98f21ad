import { Kysely, PostgresDialect } from 'kysely';
import type { WriteOutcome } from '../archive-adapter.js';
import type { ArchiveRow } from '../archive-row.js';
import { BoundedPool } from './bounded-pool.js';
import { eraseLife } from './erase-life.js';
import { migrate } from './migrate.js';
import type { PostgresSettings } from './options.js';
import { toArchiveError } from './postgres-error.js';
import { readRows } from './read-rows.js';
import type { ArchiveTables } from './tables.js';
import { writeRows } from './write-rows.js';

/** How much longer than Postgres itself this side waits for the end of a statement. */
const graceMs = 2_000;

/** What talks to Postgres, with the driver and the builder of statements that it needs. */
export class PostgresConnection {
  readonly #settings: PostgresSettings;
  readonly #db: Kysely<ArchiveTables>;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
    const pool = new BoundedPool(settings, settings.statementTimeoutMs + graceMs);
    this.#db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  }

  migrate(): Promise<void> {
    return typed(migrate(this.#settings));
  }

  write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    return typed(writeRows(this.#db, rows, this.#settings.statementTimeoutMs));
  }

  read(
    context: { readonly contextId: string; readonly life: string },
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    return typed(readRows(this.#db, context, range));
  }

  erase(context: { readonly contextId: string; readonly life: string }): Promise<void> {
    return typed(eraseLife(this.#db, context, this.#settings.statementTimeoutMs));
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }
}

async function typed<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toArchiveError(error);
  }
}
