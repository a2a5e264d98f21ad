import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PostgresArchive } from '../src/index.js';
import { sampleRow, sampleRows } from '../src/testing/sample-rows.js';
import { Databases } from './support/databases.js';
import { query } from './support/test-postgres.js';

const databases = new Databases();
const page = readFileSync(join(import.meta.dirname, '../../../docs/archive.md'), 'utf8');
const statements = [...page.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

test('every statement of the page on the archive runs, and says what the page says', async () => {
  const url = await databases.migrated();
  const archive = new PostgresArchive({ connectionString: url });
  const insertedAt = Date.UTC(2026, 10, 1, 12);
  const toolCall = '"parts":[{"type":"tool-call","toolName":"search","input":{}}],"metadata":{}';
  const rows = [...sampleRows(1, 4), sampleRow(5, { content: toolCall })].map((row) => ({
    ...row,
    insertedAt,
  }));
  const holed = sampleRows(2, 3, { contextId: 'chat-2', life: 'life-2' }).map((row) => ({
    ...row,
    insertedAt: 0,
  }));
  await archive.write([...rows, ...holed]);
  await archive.close();
  const results: Record<string, unknown>[][] = [];
  for (const statement of statements) results.push(await query(url, statement));
  const [whole, audit, bytes, tokens, tools, holes, retention, forGood, ends, ...others] = results;
  expect(others).toEqual([]);
  expect(whole).toHaveLength(5);
  expect(audit).toHaveLength(5);
  expect(bytes?.map((row) => row['convert_from'])).toEqual(
    rows.map(({ body }) => Buffer.from(body).toString()),
  );
  expect(tokens).toMatchObject([{ context_id: 'chat-1', tokens: '15', messages: '5' }]);
  expect(tools).toMatchObject([{ context_id: 'chat-1', seq: '5' }]);
  expect(holes).toMatchObject([{ context_id: 'chat-2', rows: '2', first: '2', last: '3' }]);
  expect([retention, forGood]).toEqual([[], []]);
  expect(ends).toMatchObject([{ context_id: 'chat-1', last: '5' }]);
  expect(await query(url, 'select distinct context_id from messages')).toEqual([{ context_id: 'chat-1' }]);
});

test('the page has the tables with their columns', async () => {
  const url = await databases.migrated();
  for (const table of ['messages', 'message_bodies', 'archive_erased']) {
    const columns = await query(
      url,
      `select column_name from information_schema.columns where table_name = '${table}'`,
    );
    const [described = ''] = new RegExp(`^${table} \\([^]*?\\)$`, 'm').exec(page) ?? [];
    expect(columns.length).toBeGreaterThan(1);
    for (const column of columns) expect(described).toContain(String(column['column_name']));
  }
});
