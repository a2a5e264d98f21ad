import { afterAll, beforeAll } from '@jest/globals';
import { PostgresArchive } from '../../src/index.js';
import { TestPostgres, createDatabase, nameOf, query } from './test-postgres.js';

const given = process.env['DATABASE_URL'];

/** Databases for one test file: of the server in `DATABASE_URL`, or of one that is started for the file. */
export class Databases {
  readonly #made: string[] = [];
  #own: TestPostgres | null = null;
  #migrated: Promise<string> | null = null;

  constructor() {
    beforeAll(async () => {
      if (given === undefined) this.#own = await TestPostgres.start();
    }, 60_000);
    afterAll(async () => {
      if (this.#own !== null) return await this.#own.dispose();
      for (const url of this.#made) await query(this.#server, `drop database ${nameOf(url)} with (force)`);
    }, 60_000);
  }

  /** An empty one. */
  async empty(): Promise<string> {
    return await this.#create();
  }

  /** One with the tables of the archive: a copy, which takes less time than the migrations. */
  async migrated(): Promise<string> {
    this.#migrated ??= this.#migrate();
    return await this.#create(nameOf(await this.#migrated));
  }

  get #server(): string {
    return this.#own?.url('postgres') ?? given ?? '';
  }

  async #create(template?: string): Promise<string> {
    const url = await createDatabase(this.#server, template);
    this.#made.push(url);
    return url;
  }

  async #migrate(): Promise<string> {
    const url = await this.#create();
    const archive = new PostgresArchive({ connectionString: url });
    await archive.migrate();
    await archive.close();
    return url;
  }
}
