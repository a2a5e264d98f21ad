import { describe, test } from '@jest/globals';
import { DirectoryArchive } from '../../src/index.js';
import { archiveConformance } from '../../src/testing/index.js';
import { newDirectory } from '../support/directories.js';

describe('DirectoryArchive keeps the contract of ArchiveAdapter', () => {
  const cases = archiveConformance(() => {
    const directory = newDirectory();
    // Small segments, so that histories go over several.
    return Promise.resolve({
      open: () => Promise.resolve(new DirectoryArchive({ directory, segmentBytes: 2_000 })),
    });
  });
  for (const { name, run } of cases) test(name, run);
});
