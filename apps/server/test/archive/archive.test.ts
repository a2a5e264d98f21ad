import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { ArchivedServer, until } from './archived-server.js';
import { TestPostgres, query } from './postgres.js';

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

let postgres: TestPostgres;
let node: ArchivedServer;

beforeAll(async () => {
  postgres = await TestPostgres.start();
  node = new ArchivedServer(await postgres.createDatabase());
  await node.start();
}, 120_000);
afterAll(async () => {
  await node.dispose();
  await postgres.dispose();
});

/** Every message is in the archive once, and reads give the whole history, byte for byte. */
async function expectWhole(id: string): Promise<void> {
  await node.archived(id);
  const lines = node.lines.get(id) ?? [];
  expect(await node.rows(id)).toEqual(oneTo(lines.length));
  expect(await node.exported(id)).toEqual(lines);
}

/** A session of its own that holds something back until it is told to go on. */
async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const waiting = `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`;
const isWaiting = async (): Promise<boolean> =>
  Number((await query(node.databaseUrl, waiting))[0]?.['n']) > 0;

// One node over one database, which has all that the tests before did to it.
describe('a server with an archive', () => {
  test('moves messages into the documented table, trims, and answers the whole history', async () => {
    await node.create('demo');
    await node.append('demo', 6);
    await expectWhole('demo');
    const [row] = await query(
      node.databaseUrl,
      `select * from messages where context_id = 'demo' and seq = 1`,
    );
    expect(row).toMatchObject({ role: 'user', metadata: {}, token_count: expect.any(Number) });
    await until(async () => (await node.metric('fastpaca_archive_trimmed_total')) > 100, 'the trim');
    expect(await node.metric('fastpaca_archive_pending_rows')).toBe(0);
    expect(await node.metric('fastpaca_archive_inserted_total')).toBe(120);
    const page = await node.call('GET', '/v1/contexts/demo/tail?limit=3&offset=100');
    expect(((await page.json()) as { messages: { seq: number }[] }).messages.map(({ seq }) => seq)).toEqual([
      18, 19, 20,
    ]);
  }, 120_000);

  test('serves what is local while Postgres is gone in the middle of a batch, and goes on when it is back', async () => {
    const trimmed = await node.metric('fastpaca_archive_trimmed_total');
    await node.create('local');
    await node.append('local', 3);
    await expectWhole('local');
    await until(
      async () => (await node.metric('fastpaca_archive_trimmed_total')) >= trimmed + 50,
      'the trim',
    );
    const hold = await session(node.databaseUrl);
    await hold.query('begin');
    await hold.query('lock table messages in access exclusive mode');
    await node.append('local', 1);
    await until(isWaiting, 'an insert');
    await postgres.kill();
    await hold.end().catch(() => undefined);

    await node.append('local', 1);
    const refused = await node.call('GET', '/v1/contexts/local/messages?from_seq=1&limit=10');
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      503,
      'archive_unavailable',
    ]);
    const ndjson = await fetch(`${node.server.url}/v1/contexts/local/messages`, {
      headers: { accept: 'application/x-ndjson' },
    });
    expect(ndjson.status).toBe(503);
    const tail = await node.call('GET', '/v1/contexts/local/tail?limit=5');
    expect(((await tail.json()) as { messages: unknown[] }).messages).toHaveLength(5);
    expect((await node.call('GET', '/v1/contexts/local/context')).status).toBe(200);
    expect((await node.call('GET', '/health/ready')).status).toBe(200);
    expect(await node.metric('fastpaca_archive_pending_rows')).toBeGreaterThan(0);

    await postgres.restart();
    await expectWhole('local');
  }, 120_000);

  test('killed between the insert and its acknowledgement repeats the insert, and nothing is there twice', async () => {
    await node.create('killed');
    await node.append('killed', 1);
    await expectWhole('killed');
    // The commit of an insert waits for this session, and goes on though nobody is left to hear of it.
    const hold = await session(node.databaseUrl);
    await hold.query(`create function wait_for_it() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(42); return null; end'`);
    await hold.query(`create constraint trigger late after insert on messages deferrable initially deferred
      for each row execute function wait_for_it()`);
    await hold.query('select pg_advisory_lock(42)');
    await node.append('killed', 4);
    await until(isWaiting, 'an insert that waits for its commit');
    await node.kill();
    await hold.end();
    await until(async () => (await node.rows('killed')).length > 20, 'the commit');
    await node.start();
    expect((await node.context('killed')).archived_seq).toBeLessThanOrEqual(100);
    await expectWhole('killed');
  }, 120_000);

  test('killed again and again as watermarks move and tails are trimmed loses nothing', async () => {
    for (const id of ['one', 'two', 'three']) await node.create(id);
    for (let kills = 0; kills < 3; kills += 1) {
      const before = await node.metric('fastpaca_archive_inserted_total');
      await Promise.all(['one', 'two', 'three'].map((id) => node.append(id, 3)));
      await until(async () => (await node.metric('fastpaca_archive_inserted_total')) > before, 'an insert');
      await node.kill();
      await node.start();
    }
    for (const id of ['one', 'two', 'three']) await expectWhole(id);
  }, 120_000);

  test('starts without Postgres, erases meanwhile, and finishes both when it is there', async () => {
    await node.create('gone');
    await node.append('gone', 2);
    await expectWhole('gone');
    await node.kill();
    await postgres.kill();

    await node.start();
    expect((await node.call('DELETE', '/v1/contexts/gone?mode=erase')).status).toBe(204);
    await node.create('gone');
    await node.append('gone', 1, 3);
    expect(await node.exported('gone')).toEqual(node.lines.get('gone'));
    await until(async () => node.server.output().includes('"type":"archive_failed"'), 'a line in the log');
    expect(node.server.output()).toContain('"code":"archive_unavailable"');

    await postgres.restart();
    await expectWhole('gone');
    expect(await node.metric('fastpaca_archive_pending_erasures')).toBe(0);
  }, 120_000);

  test('says which column is wrong where a table of another shape is there, and serves', async () => {
    await node.dispose();
    node = new ArchivedServer(await postgres.createDatabase());
    await query(node.databaseUrl, 'create table messages (context_id text primary key, seq bigint)');
    await node.start();
    await node.create('demo');
    await node.append('demo', 1);
    await until(async () => node.server.output().includes('"code":"archive_schema"'), 'a line in the log');
    expect(node.server.output()).toContain('column role (text) is missing');
    expect(await node.exported('demo')).toEqual(node.lines.get('demo'));
    expect(await node.server.stop()).toBe(0);
  }, 120_000);
});
