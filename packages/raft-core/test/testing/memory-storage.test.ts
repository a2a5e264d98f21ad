import { describe, expect, test } from '@jest/globals';
import { groupId, logIndex, term } from '../../src/ids.js';
import type { GroupMeta } from '../../src/storage/storage.js';
import { MemoryDisk, MemoryStorage, storageConformance } from '../../src/testing/index.js';

const group = groupId(7);
const meta: GroupMeta = {
  hardState: { term: term(1), vote: null, commit: logIndex(0) },
  conf: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  confIndex: logIndex(0),
  incarnation: 'one',
  voteFrom: logIndex(0),
  compacted: { index: logIndex(0), term: term(0) },
};

function memoryPlace() {
  const disk = new MemoryDisk();
  return {
    start: () => new MemoryStorage({ disk }),
    crash: async (storage: unknown) => void (storage as MemoryStorage).crash(),
    failNextWrite: (storage: unknown) => (storage as MemoryStorage).failWrite(1),
    damage: async (damaged: typeof group) => disk.damage(damaged, 'a flipped bit'),
  };
}

describe('the in-memory storage keeps the contract of RaftStorage', () => {
  for (const { name, run } of storageConformance(memoryPlace)) test(name, run);
});

describe('the in-memory storage fails as disks fail', () => {
  test('a write in flight is lost or kept by a crash, as asked', async () => {
    for (const outcome of ['lost', 'kept'] as const) {
      const storage = new MemoryStorage();
      storage.hang();
      void storage.write([{ group, meta }]);
      const found = await new MemoryStorage({ disk: storage.crash(outcome) }).open();
      expect(found).toHaveLength(outcome === 'kept' ? 1 : 0);
      await expect(storage.open()).rejects.toMatchObject({ code: 'storage_closed' });
    }
  });

  test('a failed write may have reached the disk', async () => {
    for (const outcome of ['lost', 'kept'] as const) {
      const storage = new MemoryStorage();
      storage.failWrite(2, outcome);
      await storage.write([]);
      await expect(storage.write([{ group, meta }])).rejects.toMatchObject({ code: 'storage_failed' });
      const found = await new MemoryStorage({ disk: storage.crash() }).open();
      expect(found).toHaveLength(outcome === 'kept' ? 1 : 0);
    }
  });

  test('a hung disk settles nothing until it resumes', async () => {
    const storage = new MemoryStorage();
    storage.hang();
    let done = false;
    const write = storage.write([{ group, meta }]).then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    storage.resume();
    await write;
    expect(done).toBe(true);
  });

  test('staged values survive only what a write has taken', async () => {
    const storage = new MemoryStorage();
    storage.stage(group, Uint8Array.of(1, 2, 3));
    expect(storage.stagedBytes()).toBe(3);
    await storage.write([]);
    expect(storage.stagedBytes()).toBe(0);
    storage.stage(group, Uint8Array.of(4));
    expect(storage.value(group)).toEqual(Uint8Array.of(4));
    const reopened = new MemoryStorage({ disk: storage.crash() });
    expect(reopened.value(group)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('a write that would leave a hole is refused, and nothing of its batch is kept', async () => {
    const storage = new MemoryStorage();
    await storage.write([{ group, meta }]);
    const hole = { index: logIndex(2), term: term(1), type: 'normal', data: new Uint8Array(0) } as const;
    const other = groupId(8);
    const batch = [
      { group: other, meta },
      { group, append: [hole] },
    ];
    await expect(storage.write(batch)).rejects.toMatchObject({ code: 'storage_contract' });
    expect(await storage.open()).toHaveLength(1);
  });
});
