import { describe, expect, test } from '@jest/globals';
import { ArchiveError, PostgresArchive } from '../../src/index.js';
import { sampleRow, sampleRows } from '../../src/testing/sample-rows.js';
import { Databases } from '../support/databases.js';
import { query } from '../support/test-postgres.js';

const databases = new Databases();
const documentedExport = 'SELECT * FROM messages WHERE context_id = $1 ORDER BY seq';

async function withArchive(url: string, work: (archive: PostgresArchive) => Promise<void>): Promise<void> {
  const archive = new PostgresArchive({ connectionString: url });
  try {
    await work(archive);
  } finally {
    await archive.close();
  }
}

const indexesOf = async (url: string): Promise<unknown[]> => {
  const rows = await query(
    url,
    `select indexdef from pg_indexes where tablename = 'messages' order by indexname`,
  );
  return rows.map(({ indexdef }) => indexdef);
};

describe('migrations', () => {
  test('three processes that start at once make the tables once, exactly as documented', async () => {
    const url = await databases.empty();
    const archives = [1, 2, 3].map(() => new PostgresArchive({ connectionString: url }));
    await Promise.all(archives.map((archive) => archive.migrate()));
    for (const archive of archives) await archive.close();
    const columns = await query(
      url,
      `select column_name, data_type from information_schema.columns where table_name = 'messages' order by ordinal_position`,
    );
    expect(
      columns.map((column) => `${String(column['column_name'])} ${String(column['data_type'])}`),
    ).toEqual([
      'context_id text',
      'seq bigint',
      'role text',
      'parts jsonb',
      'metadata jsonb',
      'token_count integer',
      'inserted_at timestamp with time zone',
    ]);
    expect(await indexesOf(url)).toEqual([
      'CREATE INDEX messages_context_id_inserted_at_index ON public.messages USING btree (context_id, inserted_at)',
      'CREATE UNIQUE INDEX messages_pkey ON public.messages USING btree (context_id, seq)',
    ]);
    expect(await query(url, 'select name from archive_migration order by name')).toEqual([
      { name: '001_tables' },
      { name: '002_shape' },
      { name: '003_time_index' },
    ]);
  });

  test('a table of the documented shape is taken over with its rows, its columns and its index', async () => {
    const url = await databases.empty();
    await query(
      url,
      `create table messages (
         context_id text, seq bigint, role text, parts jsonb, metadata jsonb default '{}',
         token_count integer, inserted_at timestamptz, reviewed boolean, primary key (context_id, seq));
       create index by_time on messages (context_id, inserted_at);
       insert into messages values
         ('old', 1, 'user', '[]', '{}', 1, now(), true),
         ('chat-1', 1, 'user', '[{"text": "message 1 of chat-1", "type": "text"}]', '{}', 1,
           to_timestamp(1750000000001 / 1000.0), true),
         ('chat-1', 2, 'user', '[{"text": "edited", "type": "text"}]', '{}', 2, now(), true)`,
    );
    await withArchive(url, async (archive) => {
      await archive.migrate();
      expect(await indexesOf(url)).toEqual([
        expect.stringContaining('by_time'),
        expect.stringContaining('messages_pkey'),
      ]);
      const outcome = await archive.write(sampleRows(1, 3));
      expect(outcome).toMatchObject({
        inserted: 2,
        refused: [{ row: { seq: 2 }, reason: expect.any(String) }],
      });
      const rows = await query(url, documentedExport, ['chat-1']);
      expect(rows.map(({ seq, reviewed }) => [seq, reviewed])).toEqual([
        ['1', true],
        ['2', true],
        ['3', null],
      ]);
      expect(await query(url, documentedExport, ['old'])).toHaveLength(1);
    });
  });

  test.each([
    ['context_id varchar(80), seq bigint', 'column context_id is character varying(80) and must be text'],
    ['context_id text, seq integer', 'column seq is integer and must be bigint'],
    ['context_id text, seq bigint, tenant uuid not null', 'column tenant takes no row without a value'],
  ])(
    'a table of another shape is refused, and the message names the column (%s)',
    async (columns, message) => {
      const url = await databases.empty();
      await query(
        url,
        `create table messages (${columns}, role text, parts jsonb, metadata jsonb, token_count integer,
         inserted_at timestamptz, primary key (context_id, seq))`,
      );
      await withArchive(url, async (archive) => {
        const migrated = archive.migrate();
        await expect(migrated).rejects.toBeInstanceOf(ArchiveError);
        await expect(migrated).rejects.toMatchObject({
          code: 'archive_schema',
          message: expect.stringContaining(message),
        });
        // Nothing was left half done: put right, it goes on.
        await query(url, 'drop table messages');
        await archive.migrate();
      });
    },
  );

  test('a database of a newer version is refused', async () => {
    const url = await databases.migrated();
    await query(url, `insert into archive_migration values ('999_future', now()::text)`);
    await withArchive(url, async (archive) => {
      await expect(archive.migrate()).rejects.toMatchObject({
        code: 'archive_schema',
        message: expect.stringContaining('start the newer version'),
      });
    });
  });

  test('without its tables the archive says that migrations are due', async () => {
    await withArchive(await databases.empty(), async (archive) => {
      await expect(archive.write([sampleRow(1)])).rejects.toMatchObject({
        code: 'archive_schema',
        message: expect.stringContaining('run the migrations'),
      });
    });
  });
});

describe('what SQL sees', () => {
  test('role, parts, metadata, tokens and time of a message, by the documented export', async () => {
    const url = await databases.migrated();
    const content =
      '"id":"m1","parts":[{"type":"text","text":"hi"},{"type":"x","n":1.50}],"metadata":{"k":["v"]}';
    await withArchive(url, async (archive) => {
      await archive.write([
        { ...sampleRow(7, { content, role: 'assistant' }), tokenCount: 42, insertedAt: 1_750_000_000_123 },
      ]);
    });
    expect(await query(url, documentedExport, ['chat-1'])).toEqual([
      {
        context_id: 'chat-1',
        seq: '7',
        role: 'assistant',
        parts: [
          { type: 'text', text: 'hi' },
          { type: 'x', n: 1.5 },
        ],
        metadata: { k: ['v'] },
        token_count: 42,
        inserted_at: new Date(1_750_000_000_123),
      },
    ]);
  });

  test('of what jsonb cannot hold, a copy that it can', async () => {
    const url = await databases.migrated();
    const content = String.raw`"parts":[{"type":"text","text":"a\u0000b \ud83d","n":[1e999999,1e10]}],"metadata":{"\u0000":"\\u0000"}`;
    await withArchive(url, async (archive) => {
      const outcome = await archive.write([...sampleRows(1, 4), sampleRow(5, { content, role: 'r\0' })]);
      expect(outcome).toMatchObject({ inserted: 5, refused: [] });
    });
    const rows = await query(url, `select role, parts, metadata from messages where seq = 5`);
    expect(rows).toEqual([
      {
        role: 'r\ufffd',
        parts: [{ type: 'text', text: 'a\ufffdb \ufffd', n: ['1e999999', 1e10] }],
        metadata: { '\ufffd': '\\u0000' },
      },
    ]);
  });

  test('numbers as large and as small as numeric has them stay numbers', async () => {
    const url = await databases.migrated();
    const numbers = [
      `-${'1'.repeat(131_072)}`,
      '1e131071',
      `0.${'1'.repeat(16_383)}`,
      '1e-16383',
      '0.25E-16381',
    ];
    const beyond = ['1'.repeat(131_073), '1e131072', `0.${'1'.repeat(16_384)}`, '1e-16384', '0.25E-16382'];
    const content = `"parts":[{"type":"text","text":"\\u0000","n":[${[...numbers, ...beyond].join()}]}]`;
    await withArchive(url, async (archive) => {
      expect(await archive.write([sampleRow(1, { content })])).toMatchObject({ inserted: 1, refused: [] });
    });
    const types = await query(
      url,
      `select jsonb_typeof(n) as type from messages, jsonb_array_elements(parts -> 0 -> 'n') as n`,
    );
    const expected = [...numbers.map(() => 'number'), ...beyond.map(() => 'string')];
    expect(types).toEqual(expected.map((type) => ({ type })));
  });

  test('rows that no table can hold are refused one by one, and the others are written', async () => {
    const url = await databases.migrated();
    await withArchive(url, async (archive) => {
      const wrong = [
        { ...sampleRow(500), body: Buffer.from('{"parts":[') },
        { ...sampleRow(501), tokenCount: 2 ** 40 },
        { ...sampleRow(502), contextId: 'nul\0' },
        { ...sampleRow(503), body: Buffer.from([0x22, 0xff, 0x22]) },
      ];
      const outcome = await archive.write([...sampleRows(1, 499), ...wrong]);
      expect(outcome.inserted).toBe(499);
      expect(outcome.refused.map(({ row }) => row.seq).sort()).toEqual([500, 501, 502, 503]);
      for (const { reason } of outcome.refused) expect(reason).not.toBe('');
    });
    expect(await query(url, 'select count(*)::int as n from messages')).toEqual([{ n: 499 }]);
  });

  test('rows that were deleted from messages alone come back with the next delivery, and edits stay', async () => {
    const url = await databases.migrated();
    await withArchive(url, async (archive) => {
      await archive.write(sampleRows(1, 3));
      await query(url, `delete from messages where seq = 1; update messages set parts = '[]' where seq = 2`);
      expect(await archive.write(sampleRows(1, 3))).toMatchObject({ inserted: 0, refused: [] });
      const rows = await query(url, documentedExport, ['chat-1']);
      expect(rows.map(({ seq }) => seq)).toEqual(['1', '2', '3']);
      expect(rows[1]).toMatchObject({ parts: [] });
    });
  });

  test('an erasure takes rows from every table', async () => {
    const url = await databases.migrated();
    await withArchive(url, async (archive) => {
      await archive.write([...sampleRows(1, 12_000), sampleRow(1, { contextId: 'other', life: 'life-2' })]);
      await archive.erase({ contextId: 'chat-1', life: 'life-1' });
    });
    expect(await query(url, 'select context_id from messages')).toEqual([{ context_id: 'other' }]);
    expect(await query(url, 'select context_id from message_bodies')).toEqual([{ context_id: 'other' }]);
  });
});

test('options that make no sense are refused', () => {
  for (const wrong of [{ maxConnections: 1 }, { statementTimeoutMs: 0 }, { maxWaiting: 1.5 }]) {
    expect(() => new PostgresArchive({ connectionString: 'postgres://', ...wrong })).toThrow(RangeError);
  }
});
