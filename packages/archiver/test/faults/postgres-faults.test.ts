import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Archiver, PostgresArchive, type ArchiveAdapter, type ArchiverOptions } from '../../src/index.js';
import { MemorySource } from '../../src/testing/index.js';
import { smallDisk } from '../support/small-disk.js';
import { TestPostgres, nameOf, query } from '../support/test-postgres.js';
import { Gate, until } from '../support/until.js';

// Always a server of its own: it is killed, halted and filled up.
let server: TestPostgres;
let template: string;

beforeAll(async () => {
  server = await TestPostgres.start();
  const url = await server.createDatabase();
  const archive = new PostgresArchive({ connectionString: url });
  await archive.migrate();
  await archive.close();
  template = nameOf(url);
});
afterAll(() => server.dispose(), 60_000);

/** A source with messages of several contexts, an archive, and an archiver between them. */
class Scene {
  readonly source = new MemorySource();
  readonly failures: string[] = [];
  readonly #appended = new Map<string, number>();
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(readonly url: string) {}

  static async create(url?: string): Promise<Scene> {
    return new Scene(url ?? (await server.createDatabase(template)));
  }

  grow(contexts: number, messages: number): void {
    for (let index = 0; index < contexts; index += 1) {
      const id = `chat-${index}`;
      for (let count = 0; count < messages; count += 1) this.#appended.set(id, this.source.append(id));
    }
  }

  archive(): PostgresArchive {
    const archive = new PostgresArchive({
      connectionString: this.url,
      connectTimeoutMs: 1_000,
      statementTimeoutMs: 1_000,
    });
    this.#closing.push(() => archive.close());
    return archive;
  }

  archiver(options: Partial<ArchiverOptions> = {}): Archiver {
    const archiver = new Archiver({
      source: this.source,
      adapter: this.archive(),
      batchRows: 200,
      flushIntervalMs: 20,
      firstBackoffMs: 10,
      largestBackoffMs: 50,
      adapterTimeoutMs: 8_000,
      observer: {
        onFailure: ({ error }) => void this.failures.push('code' in error ? String(error.code) : error.name),
      },
      ...options,
    });
    this.#closing.unshift(() => archiver.stop());
    return archiver;
  }

  /** Each message is in the archive or still waits; in the archive once, in both tables, without a hole. */
  async expectNothingLost(): Promise<void> {
    // First what waits, then what is there: an archiver that runs meanwhile moves rows only that way.
    const firstWaiting = new Map(
      [...this.#appended].map(([id, lastSeq]) => [id, this.source.waiting(id)[0]?.seq ?? lastSeq + 1]),
    );
    const archived = await query(
      this.url,
      `select context_id, count(*)::int as n, max(seq)::int as last, count(b.body)::int as bodies
       from messages full join message_bodies b using (context_id, seq) group by context_id`,
    );
    const found = new Map(archived.map((row) => [String(row['context_id']), row]));
    for (const [id, waitsFrom] of firstWaiting) {
      const row = found.get(id) ?? { n: 0, last: 0, bodies: 0 };
      expect(row).toMatchObject({ n: row['last'] ?? 0, bodies: row['last'] ?? 0 });
      expect(waitsFrom).toBeLessThanOrEqual(Number(row['last'] ?? 0) + 1);
    }
  }

  /** All of it is in the archive, byte for byte. */
  async expectAllArchived(): Promise<void> {
    expect(this.source.waiting()).toEqual([]);
    await this.expectNothingLost();
    const archive = this.archive();
    for (const [contextId, lastSeq] of this.#appended) {
      const life = this.source.lifeOf(contextId) ?? '';
      const range = { fromSeq: 1, toSeq: lastSeq, maxBytes: Number.MAX_SAFE_INTEGER };
      const rows = await archive.read({ contextId, life }, range);
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
      for (const row of rows) {
        const body: unknown = JSON.parse(Buffer.from(row.body).toString());
        expect(body).toMatchObject({ seq: row.seq, parts: [{ text: `no. ${row.seq}` }] });
      }
    }
  }

  async arrived(): Promise<void> {
    await until(() => this.source.waiting().length === 0, 'all messages to be archived');
  }

  async end(): Promise<void> {
    for (const close of this.#closing) await close();
  }
}

async function inScene(work: (scene: Scene) => Promise<void>, url?: string): Promise<void> {
  const scene = await Scene.create(url);
  try {
    await work(scene);
  } finally {
    await scene.end();
  }
}

/** An adapter whose writes are followed by something, before the archiver hears of them. */
function afterWrite(adapter: ArchiveAdapter, then: () => Promise<void>): ArchiveAdapter {
  return {
    migrate: () => adapter.migrate(),
    write: async (rows) => {
      const outcome = await adapter.write(rows);
      await then();
      return outcome;
    },
    read: (context, range) => adapter.read(context, range),
    erase: (context) => adapter.erase(context),
    close: () => adapter.close(),
  };
}

describe('Postgres', () => {
  test('killed in the middle of a batch, down for a while, and restarted', () =>
    inScene(async (scene) => {
      scene.grow(5, 400);
      // A lock holds the write in the middle: it has written some rows and cannot write others.
      const blocker = new pg.Client(scene.url);
      blocker.on('error', () => undefined);
      await blocker.connect();
      await blocker.query('begin; lock table messages in exclusive mode');
      scene.archiver().start();
      await until(async () => (await waitingForLocks(scene.url)) > 0, 'a write that waits');
      await server.kill();
      await until(() => scene.failures.length >= 3, 'failures while it is down');
      expect(new Set(scene.failures)).toEqual(new Set(['archive_unavailable']));
      expect(scene.source.waiting()).toHaveLength(2_000);
      await server.restart();
      await scene.arrived();
      await scene.expectAllArchived();
    }));

  test('killed again and again while it writes', () =>
    inScene(async (scene) => {
      scene.grow(4, 500);
      const archiver = scene.archiver({ batchRows: 50 });
      archiver.start();
      for (let round = 0; round < 2; round += 1) {
        const waiting = scene.source.waiting().length;
        await until(() => scene.source.waiting().length < waiting, 'some progress');
        await server.kill();
        await server.restart();
        await scene.expectNothingLost();
        scene.grow(4, 50);
      }
      await scene.arrived();
      await scene.expectAllArchived();
    }));

  test('halted, with its connections open: the archiver does not wait for ever', () =>
    inScene(async (scene) => {
      const archiver = scene.archiver();
      scene.grow(2, 50);
      await archiver.flushNow();
      scene.grow(2, 50);
      server.halt();
      try {
        await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_unavailable' });
        expect(scene.source.waiting()).toHaveLength(100);
      } finally {
        server.resume();
      }
      archiver.start();
      await scene.arrived();
      await scene.expectAllArchived();
    }));

  test('too slow: a statement is given up, and goes through later', () =>
    inScene(async (scene) => {
      scene.grow(2, 50);
      const blocker = new pg.Client(scene.url);
      await blocker.connect();
      await blocker.query('begin; lock table messages in access exclusive mode');
      const archiver = scene.archiver();
      await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_unavailable' });
      await blocker.end();
      await until(
        () =>
          archiver.flushNow().then(
            () => true,
            () => false,
          ),
        'the flush after that',
      );
      await scene.expectAllArchived();
    }));

  test('out of connections', () =>
    inScene(async (scene) => {
      scene.grow(2, 50);
      const others: pg.Client[] = [];
      for (;;) {
        const client = new pg.Client(scene.url);
        client.on('error', () => undefined);
        try {
          await client.connect();
        } catch {
          break;
        }
        others.push(client);
      }
      const archiver = scene.archiver();
      await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_unavailable' });
      for (const client of others) await client.end();
      archiver.start();
      await scene.arrived();
      await scene.expectAllArchived();
    }));

  test('read-only', () =>
    inScene(async (scene) => {
      scene.grow(2, 50);
      await query(scene.url, `alter database ${nameOf(scene.url)} set default_transaction_read_only = on`);
      const archiver = scene.archiver();
      await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_read_only' });
      await query(
        server.url('postgres'),
        `alter database ${nameOf(scene.url)} reset default_transaction_read_only`,
      );
      // The connections that were open before keep the old setting.
      await scene.end();
      await scene.archiver().flushNow();
      await scene.expectAllArchived();
    }));

  test('a schema that was changed under it', () =>
    inScene(async (scene) => {
      scene.grow(2, 50);
      await query(scene.url, 'alter table messages rename column parts to pieces');
      const archiver = scene.archiver();
      await expect(archiver.flushNow()).rejects.toMatchObject({
        code: 'archive_schema',
        message: expect.stringContaining('parts'),
      });
      await query(scene.url, 'alter table messages rename column pieces to parts');
      archiver.start();
      await scene.arrived();
      await scene.expectAllArchived();
    }));

  test('a user without rights, and a database that is not there', () =>
    inScene(async (scene) => {
      await query(
        scene.url,
        `do $$ begin create role stranger login; exception when duplicate_object then end $$`,
      );
      const stranger = new PostgresArchive({ connectionString: server.url(nameOf(scene.url), 'stranger') });
      await expect(stranger.erase({ contextId: 'a', life: 'b' })).rejects.toMatchObject({
        code: 'archive_denied',
      });
      await stranger.close();
      const nowhere = new PostgresArchive({ connectionString: server.url('nowhere') });
      await expect(nowhere.migrate()).rejects.toMatchObject({ code: 'archive_denied' });
      await nowhere.close();
    }));
});

describe('the archiver', () => {
  test('dies between insert and acknowledgement: the next one delivers again, and each row is there once', () =>
    inScene(async (scene) => {
      scene.grow(3, 300);
      const died = new Gate();
      const first = scene.archiver({
        adapter: afterWrite(scene.archive(), () => died.pass()),
        adapterTimeoutMs: 60_000,
      });
      const flushed = first.flushNow().catch(() => undefined);
      await until(() => died.arrived > 0, 'a batch that is written and not acknowledged');
      expect(scene.source.waiting()).toHaveLength(900);
      await scene.expectNothingLost();
      await scene.archiver().flushNow();
      await scene.expectAllArchived();
      // What the dead one still had in its hands changes nothing.
      died.open();
      await flushed;
      await scene.expectAllArchived();
    }));

  test('is there twice on the same source, as two leaders for a moment', () =>
    inScene(async (scene) => {
      const archivers = [
        scene.archiver(),
        scene.archiver({ batchRows: 130 }),
        scene.archiver({ batchRows: 70 }),
      ];
      for (const archiver of archivers) archiver.start();
      for (let round = 0; round < 5; round += 1) {
        scene.grow(6, 60);
        await scene.expectNothingLost();
      }
      await scene.arrived();
      for (const archiver of archivers) await archiver.stop();
      await scene.expectAllArchived();
      expect(scene.failures).toEqual([]);
    }));

  test('finishes an erasure that came while Postgres was down', () =>
    inScene(async (scene) => {
      scene.grow(2, 50);
      const archiver = scene.archiver();
      await archiver.flushNow();
      await server.kill();
      scene.source.erase('chat-0');
      archiver.start();
      await until(() => scene.failures.length > 0, 'an erasure that fails');
      await server.restart();
      await until(async () => (await scene.source.erasures({ limit: 1 })).length === 0, 'the erasure');
      expect(await query(scene.url, 'select distinct context_id from messages')).toEqual([
        { context_id: 'chat-1' },
      ]);
    }));
});

const disk = process.getuid?.() === 0 ? smallDisk(96) : null;

(disk === null ? describe.skip : describe)('a disk that is full', () => {
  test('is named, loses nothing, and is used again when there is room', async () => {
    if (disk === null) return;
    const full = await TestPostgres.start(disk.directory);
    try {
      const url = await full.createDatabase();
      await inScene(async (scene) => {
        const adapter = scene.archive();
        await adapter.migrate();
        const archiver = scene.archiver({ adapter, batchRows: 2_000 });
        scene.grow(2, 20);
        await archiver.flushNow();
        disk.fill();
        scene.grow(4, 1_500);
        await expect(archiver.flushNow()).rejects.toMatchObject({ code: 'archive_full' });
        await scene.expectNothingLost();
        disk.free();
        archiver.start();
        await scene.arrived();
        await scene.expectAllArchived();
      }, url);
    } finally {
      await full.dispose();
    }
  });
});

async function waitingForLocks(url: string): Promise<number> {
  const rows = await query(
    url,
    `select count(*)::int as n from pg_stat_activity where application_name = 'fastpaca-archive' and wait_event_type = 'Lock'`,
  );
  return Number(rows[0]?.['n']);
}
