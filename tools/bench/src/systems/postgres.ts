import { join, resolve } from 'node:path';
import { freePort, spawnNode, stopChild, waitUntilReady } from './child.ts';
import { LocalPostgres } from './local-postgres.ts';
import type { RunningSystem, System } from './system.ts';

const entryPoint = resolve(import.meta.dirname, '../baseline/server.ts');

/** What a team would build instead: Fastify in one process, Postgres behind it. */
export class PostgresSystem implements System {
  readonly name = 'Fastify + Postgres';
  readonly #directory: string;
  readonly #postgres: LocalPostgres;

  constructor(directory: string) {
    this.#directory = directory;
    this.#postgres = new LocalPostgres(directory);
  }

  async start(): Promise<RunningSystem> {
    await this.#postgres.start();
    const env = { DATABASE_URL: await this.#postgres.database('chat') };
    const port = await freePort();
    const child = spawnNode(
      [entryPoint],
      { NODE_ENV: 'production', PORT: String(port), ...env },
      join(this.#directory, 'server.log'),
    );
    await waitUntilReady(port, child);
    return {
      port,
      processIds: [child.pid, await this.#postgres.processId()],
      stop: async () => {
        await stopChild(child);
        await this.#postgres.stop();
      },
    };
  }

  dispose(): Promise<void> {
    return this.#postgres.dispose();
  }
}
