import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { fillDataDirectory } from './data-directory.js';
import { postgresBinaries, unprivileged } from './postgres-binaries.js';

const deadlineMs = 30_000;
// No fsync: the tests kill processes, not the power.
const flags = 'fsync=off,max_connections=24,shared_buffers=16MB,unix_socket_directories=,max_wal_size=64MB';

/** A real Postgres of the tests' own. */
export class TestPostgres {
  readonly #directory: string;
  readonly #port: number;
  readonly #temporary: boolean;
  #server: ChildProcess | null = null;

  private constructor(directory: string, port: number, temporary: boolean) {
    this.#directory = directory;
    this.#port = port;
    this.#temporary = temporary;
  }

  /** @param within A directory for the data, which stays the caller's. Default: a temporary one. */
  static async start(within?: string): Promise<TestPostgres> {
    const parent = within ?? (await mkdtemp(join(tmpdir(), 'archiver-postgres-')));
    // Its user is another one, who must be able to come here.
    await chmod(parent, 0o755);
    const data = join(parent, 'data');
    await mkdir(data, { mode: 0o700 });
    await fillDataDirectory(data);
    const postgres = new TestPostgres(parent, await freePort(), within === undefined);
    await postgres.restart();
    return postgres;
  }

  url(database: string, user = 'test'): string {
    return `postgres://${user}@127.0.0.1:${this.#port}/${database}`;
  }

  /** A new database, empty or a copy of another one, as a URL. */
  createDatabase(template?: string): Promise<string> {
    return createDatabase(this.url('postgres'), template);
  }

  /** Starts it, after `kill` or at first, and waits until it answers. */
  async restart(): Promise<void> {
    const { postgres } = await postgresBinaries();
    const data = join(this.#directory, 'data');
    const settings = flags.split(',').flatMap((flag) => ['-c', flag]);
    const until = performance.now() + deadlineMs;
    for (;;) {
      const server = spawn(postgres, ['-D', data, '-p', String(this.#port), ...settings], {
        ...unprivileged(),
        cwd: data,
        env: { LC_ALL: 'C' },
        stdio: 'ignore',
      });
      this.#server = server;
      if (await this.#answers(server, until)) return;
      // Of a server that was killed some processes may still have its memory.
      if (performance.now() > until) throw new Error('Postgres does not start.');
      await delay(50);
    }
  }

  /** As the kernel does when memory is short: every process, without a word. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#signal(server, 'SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }

  /** It keeps its connections and does nothing, as behind a network that swallows packets. */
  halt(): void {
    if (this.#server !== null) this.#signal(this.#server, 'SIGSTOP');
  }

  resume(): void {
    if (this.#server !== null) this.#signal(this.#server, 'SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.kill();
    if (this.#temporary) await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #answers(server: ChildProcess, until: number): Promise<boolean> {
    while (server.exitCode === null && server.signalCode === null && performance.now() < until) {
      try {
        await query(this.url('postgres'), 'select 1');
        return true;
      } catch {
        await delay(30);
      }
    }
    return false;
  }

  #signal(server: ChildProcess, signal: NodeJS.Signals): void {
    if (server.pid === undefined) return;
    for (const pid of [server.pid, ...childrenOf(server.pid)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** One statement over a connection of its own. */
export async function query(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(text, values);
    return result.rows;
  } finally {
    await client.end();
  }
}

/** @param template The name of a database that nobody is connected to. */
export async function createDatabase(server: string, template = 'template1'): Promise<string> {
  const url = new URL(server);
  const name = `fastpaca_test_${randomBytes(6).toString('hex')}`;
  await query(server, `create database ${name} template ${template}`);
  url.pathname = `/${name}`;
  return url.href;
}

export function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
