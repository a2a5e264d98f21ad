import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, type RunningServer } from '../server-process.js';
import { query } from './postgres.js';

const deadlineMs = 60_000;

/** Waits for a condition that the server or Postgres brings about. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms for ${what}.`);
    await delay(50);
  }
}

/** A context as REST answers it. */
interface Context {
  readonly last_seq: number;
  readonly archived_seq: number;
}

/**
 * The built server with an archive, in a process that can be killed, and what it was given: the exact
 * bytes of every message as they were read when it was new.
 */
export class ArchivedServer {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-archived-'));
  readonly lines = new Map<string, string[]>();
  #server: RunningServer | null = null;

  constructor(readonly databaseUrl: string) {}

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#server = await startServer({
      directory: this.directory,
      env: {
        FASTPACA_TOKEN_ESTIMATOR: 'chars:4',
        FASTPACA_ARCHIVER_ENABLED: 'true',
        DATABASE_URL: this.databaseUrl,
        FASTPACA_ARCHIVE_FLUSH_INTERVAL_MS: '20',
        FASTPACA_ARCHIVER_BATCH_SIZE: '100',
        FASTPACA_TAIL_KEEP: '5',
        ...env,
      },
    });
  }

  get server(): RunningServer {
    if (this.#server === null) throw new Error('The server is not running.');
    return this.#server;
  }

  async kill(): Promise<void> {
    await this.server.kill();
    this.#server = null;
  }

  async dispose(): Promise<void> {
    if (this.#server !== null) await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  call(method: string, target: string, body?: unknown): Promise<Response> {
    return fetch(this.server.url + target, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  /** A context whose window is small, so that its log can be trimmed. */
  async create(id: string): Promise<void> {
    const policy = { strategy: 'last_n', config: { limit: 4 } };
    const answer = await this.call('PUT', `/v1/contexts/${id}`, { policy });
    if (!answer.ok) throw new Error(`PUT answered ${answer.status}.`);
    this.lines.set(id, []);
  }

  /** Appends batches, and remembers the bytes of what was appended. */
  async append(id: string, batches: number, size = 20): Promise<void> {
    const known = this.lines.get(id) ?? [];
    this.lines.set(id, known);
    for (let batch = 0; batch < batches; batch += 1) {
      const messages = Array.from({ length: size }, (_, n) => ({
        role: n % 2 === 0 ? 'user' : 'assistant',
        // What Postgres' jsonb would not give back as it was: NUL, and the order of members.
        parts: [{ type: 'text', z: 1, a: 2, text: `${id} ${known.length + n} \u0000 é` }],
      }));
      const answer = await this.call('POST', `/v1/contexts/${id}/messages`, { messages });
      if (answer.status !== 201) throw new Error(`POST answered ${answer.status}.`);
      known.push(...(await this.exported(id, known.length + 1)));
    }
  }

  async exported(id: string, fromSeq = 1): Promise<string[]> {
    const answer = await fetch(`${this.server.url}/v1/contexts/${id}/messages?from_seq=${fromSeq}`, {
      headers: { accept: 'application/x-ndjson' },
    });
    if (!answer.ok) throw new Error(`The export answered ${answer.status}.`);
    return (await answer.text()).split('\n').slice(0, -1);
  }

  async context(id: string): Promise<Context> {
    return (await (await this.call('GET', `/v1/contexts/${id}`)).json()) as Context;
  }

  async archived(id: string): Promise<void> {
    await until(async () => {
      const { archived_seq, last_seq } = await this.context(id);
      return archived_seq === last_seq;
    }, `the watermark of ${id}`);
  }

  /** One value of `/metrics`. */
  async metric(name: string): Promise<number> {
    const text = await (await this.call('GET', '/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  /** The seqs of a context that are in the table for SQL users, in order. */
  async rows(id: string): Promise<number[]> {
    const rows = await query(
      this.databaseUrl,
      'select seq from messages where context_id = $1 order by seq',
      [id],
    );
    return rows.map(({ seq }) => Number(seq));
  }
}
