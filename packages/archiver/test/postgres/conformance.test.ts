import { describe, test } from '@jest/globals';
import { PostgresArchive } from '../../src/index.js';
import { archiveConformance } from '../../src/testing/index.js';
import { Databases } from '../support/databases.js';

const databases = new Databases();

describe('PostgresArchive keeps the contract of ArchiveAdapter', () => {
  const cases = archiveConformance(
    async () => {
      const connectionString = await databases.migrated();
      return { open: () => Promise.resolve(new PostgresArchive({ connectionString })) };
    },
    { shared: true },
  );
  for (const { name, run } of cases) test(name, run);
});
