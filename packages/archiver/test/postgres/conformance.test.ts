import { describe, test } from '@jest/globals';
import { PostgresArchive } from '../../src/index.js';
import { archiveConformance } from '../../src/testing/index.js';
import { databases } from '../support/databases.js';

const { create } = databases();

describe('PostgresArchive keeps the contract of ArchiveAdapter', () => {
  const cases = archiveConformance(
    async () => {
      const connectionString = await create();
      return {
        async open() {
          const archive = new PostgresArchive({ connectionString });
          await archive.migrate();
          return archive;
        },
      };
    },
    { shared: true },
  );
  for (const { name, run } of cases) test(name, run);
});
