import type { ConnectionOptions } from 'node:tls';

export interface PostgresArchiveOptions {
  /** `postgres://user:password@host:port/database`, with everything that node-postgres reads from it. */
  readonly connectionString: string;
  /** Connections at once, at least 2. Default 4: one writes, the others read back and erase. */
  readonly maxConnections?: number;
  /** How long to wait for a connection, a free one or a new one, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long one statement may take, in milliseconds. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** How long all migrations may take, building an index over an existing table included. Default 10 minutes. */
  readonly migrationTimeoutMs?: number;
  /** Calls that may wait for a connection; further ones fail at once with `archive_unavailable`. Default 256. */
  readonly maxWaiting?: number;
  /** Certificates and the like, as node-postgres takes them. */
  readonly ssl?: boolean | ConnectionOptions;
}

export type PostgresSettings = Required<Omit<PostgresArchiveOptions, 'ssl'>> &
  Pick<PostgresArchiveOptions, 'ssl'>;

/** @throws RangeError where a limit is no whole number of at least 1 (of connections: 2) */
export function settingsOf(options: PostgresArchiveOptions): PostgresSettings {
  const settings = {
    maxConnections: 4,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    migrationTimeoutMs: 600_000,
    maxWaiting: 256,
    ...options,
  };
  const { maxConnections, connectTimeoutMs, statementTimeoutMs, migrationTimeoutMs, maxWaiting } = settings;
  const limits = { maxConnections, connectTimeoutMs, statementTimeoutMs, migrationTimeoutMs, maxWaiting };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'maxConnections' ? 2 : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${String(value)}.`);
  }
  return settings;
}
