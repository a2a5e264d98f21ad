import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { PostgresArchive, type PostgresArchiveOptions } from '../../src/index.js';
import { TestPostgres, query } from './test-postgres.js';

const given = process.env['DATABASE_URL'];

/** Databases for one test file: of the server in `DATABASE_URL`, or of one that is started for the file. */
export function databases(): { readonly create: () => Promise<string> } {
  let own: TestPostgres | null = null;
  const made: string[] = [];
  beforeAll(async () => {
    if (given === undefined) own = await TestPostgres.start();
  }, 60_000);
  afterAll(async () => {
    await own?.dispose();
    if (given === undefined) return;
    for (const name of made) await query(given, `drop database if exists ${name} with (force)`);
  }, 60_000);
  return {
    async create() {
      if (own !== null) return await own.createDatabase();
      const url = new URL(given ?? '');
      const name = `fastpaca_test_${randomBytes(6).toString('hex')}`;
      await query(url.href, `create database ${name}`);
      made.push(name);
      url.pathname = `/${name}`;
      return url.href;
    },
  };
}

/** An archive over a new database, migrated. */
export async function newArchive(
  url: string,
  options: Partial<PostgresArchiveOptions> = {},
): Promise<PostgresArchive> {
  const archive = new PostgresArchive({ connectionString: url, ...options });
  await archive.migrate();
  return archive;
}
