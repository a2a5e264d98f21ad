import { expect, test } from '@jest/globals';
import { groupId, logIndex } from '@fastpaca/raft-core';
import { LogStore } from '../../src/index.js';
import { Child } from '../support/child.js';
import { newDirectory } from '../support/directories.js';
import { bytes, text } from '../support/samples.js';

const rounds = 12;
const groups = 4;
const everything = Number.MAX_SAFE_INTEGER;

/** Every acknowledged batch is there, whole, and the log has no hole. Returns the last one. */
async function expectNothingLost(directory: string, acked: number): Promise<number> {
  const store = await LogStore.open(directory);
  const found = await store.open();
  expect(found.map((stored) => stored.status)).toEqual(new Array(groups).fill('healthy'));
  const lasts = found.map((stored) => (stored.status === 'healthy' ? stored.lastIndex : -1));
  const [last = -1] = lasts;
  expect(lasts).toEqual(new Array(groups).fill(last));
  expect(last).toBeGreaterThanOrEqual(acked);
  for (let n = 0; n < groups; n += 1) {
    const group = groupId(n);
    const entries = await store.read(group, logIndex(1), logIndex(last), everything);
    expect(entries.map((entry) => entry.index)).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    expect(text(store.keySpace(group).get(bytes('count')))).toBe(String(last));
  }
  await store.close();
  return last;
}

test(`kill -9 in the middle of writes, ${rounds} times over one directory, loses nothing acknowledged`, async () => {
  const directory = newDirectory();
  let total = 0;
  for (let round = 0; round < rounds; round += 1) {
    const child = new Child('./writer.ts', [directory, String(groups)]);
    // The batches vary in time, so each round ends at another point of a write.
    await child.count(/^acked/, 5 + round * 17);
    child.kill();
    await child.exited;
    expect(child.acked).toBeGreaterThan(total);
    total = await expectNothingLost(directory, child.acked);
  }
}, 120_000);
