import { join } from 'node:path';
import { storageConformance } from '@fastpaca/raft-core/testing';
import type { StoragePlace } from '@fastpaca/raft-core/testing';
import { ClassicLevel } from 'classic-level';
import { describe, test } from '@jest/globals';
import { LogStore } from '../src/index.js';
import { batchKey, entryKey } from '../src/layout/keys.js';
import { decodeBatchSeq, encodeBatchSeq } from '../src/store/store-header.js';
import { fillDiskUnder } from './support/broken-disk.js';
import { copyStore, newDirectory } from './support/directories.js';

function createPlace(): StoragePlace {
  let directory = newDirectory();
  return {
    start: () => LogStore.open(directory),
    async crash(storage) {
      const image = newDirectory();
      copyStore(directory, image);
      await storage.close();
      directory = image;
    },
    failNextWrite: () => fillDiskUnder(directory),
    async damage(group) {
      const db = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'db'), {
        keyEncoding: 'view',
        valueEncoding: 'view',
      });
      const seq = decodeBatchSeq((await db.get(batchKey)) ?? new Uint8Array());
      await db
        .batch()
        .put(batchKey, encodeBatchSeq((seq ?? 0) + 1))
        .del(entryKey(group, 5))
        .write();
      await db.close();
    },
  };
}

describe('LogStore keeps the contract of RaftStorage', () => {
  for (const { name, run } of storageConformance(createPlace)) test(name, run);
});
