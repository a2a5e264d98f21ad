import type { ArchiveAdapter, WriteOutcome } from '../archive-adapter.js';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveRow } from '../archive-row.js';
import { settingsOf, type PostgresArchiveOptions, type PostgresSettings } from './options.js';
import type { PostgresConnection } from './postgres-connection.js';

/**
 * Messages in Postgres: table `messages` as documented, for SQL, and `message_bodies` with the exact
 * bytes, for reading back. Loads its driver and connects when it is first used.
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
  #connection: Promise<PostgresConnection> | undefined;
  #closed = false;

  /** @throws RangeError where a limit is out of its range */
  constructor(options: PostgresArchiveOptions) {
    this.#settings = settingsOf(options);
  }

  migrate(): Promise<void> {
    return this.#use((connection) => connection.migrate());
  }

  write(rows: readonly ArchiveRow[]): Promise<WriteOutcome> {
    return this.#use((connection) => connection.write(rows));
  }

  read(
    context: { readonly contextId: string; readonly life: string },
    range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    return this.#use((connection) => connection.read(context, range));
  }

  erase(context: { readonly contextId: string; readonly life: string }): Promise<void> {
    return this.#use((connection) => connection.erase(context));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await (await this.#connection)?.close();
  }

  async #use<T>(call: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const connection = this.#closed ? null : await (this.#connection ??= loadConnection(this.#settings));
    // Closed before this call, or while what it needs was loaded.
    if (connection === null || this.#closed)
      throw new ArchiveError('archive_closed', 'The archive is closed.');
    return call(connection);
  }
}

/** Driver and builder of statements are a tenth of what a store loads, and most run without an archive. */
async function loadConnection(settings: PostgresSettings): Promise<PostgresConnection> {
  const { PostgresConnection } = await import('./postgres-connection.js');
  return new PostgresConnection(settings);
}
