import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { ArchiveError } from '../archive-error.js';
import type { PostgresSettings } from './options.js';

/**
 * node-postgres' pool, with three gaps closed:
 * - The queue for a connection has an end.
 * - A connection whose statement got no answer is closed. node-postgres stops waiting, but the
 *   connection still has the statement, and the next user's would wait behind it.
 * - A connection that breaks while it is in use and idle does not end the process as an unhandled event.
 */
export class BoundedPool implements PostgresPool {
  readonly options: object;
  readonly #pool: pg.Pool;
  readonly #maxWaiting: number;

  constructor(settings: PostgresSettings, answerTimeoutMs: number) {
    this.#pool = new pg.Pool({
      connectionString: settings.connectionString,
      max: settings.maxConnections,
      connectionTimeoutMillis: settings.connectTimeoutMs,
      query_timeout: answerTimeoutMs,
      keepAlive: true,
      application_name: 'fastpaca-archive',
      ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    });
    // The pool drops an idle connection that broke by itself; the next call sees what is wrong.
    this.#pool.on('error', ignore);
    this.options = this.#pool.options;
    this.#maxWaiting = settings.maxWaiting;
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new ArchiveError(
        'archive_unavailable',
        `${this.#maxWaiting} calls wait for a connection to Postgres already: try again later.`,
      );
    }
    return new Checkout(await this.#pool.connect());
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** A connection from the pool until it is given back. */
class Checkout implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #broken: unknown = null;

  constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', this.#noteBroken);
  }

  query<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') throw new TypeError('The archive uses no cursors.');
    return this.#run<R>(statement, parameters);
  }

  release(destroy?: boolean): void {
    this.#client.off('error', this.#noteBroken);
    this.#client.release(destroy === true || this.#broken !== null);
  }

  async #run<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    // A rollback after the first failure must not hide it.
    if (this.#broken !== null) throw this.#broken;
    try {
      const result = await this.#client.query(statement, [...parameters]);
      return result as unknown as PostgresQueryResult<R>;
    } catch (error) {
      // Anything but an answer of Postgres: the state of the connection is not known.
      if (!(error instanceof pg.DatabaseError)) this.#noteBroken(error);
      throw error;
    }
  }

  readonly #noteBroken = (error: unknown): void => {
    this.#broken ??= error;
  };
}

function ignore(): void {
  // See where it is used.
}
