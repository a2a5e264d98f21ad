import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { logIndex } from '@fastpaca/raft-core';
import { LogStore } from '../../src/index.js';
import { Child } from '../support/child.js';
import { copyStore, newDirectory } from '../support/directories.js';
import { entries, entry, g1, g2, meta } from '../support/samples.js';

async function fill(directory: string, from: number, to: number): Promise<void> {
  const store = await LogStore.open(directory);
  await store.open();
  for (let index = from; index <= to; index += 1) {
    await store.write([{ group: g1, append: [entry(index)], meta: meta(1) }]);
  }
  await store.close();
}

test('a store that went back to an older state is reported: the fence knows more', async () => {
  const directory = newDirectory();
  const old = newDirectory();
  await fill(directory, 1, 10);
  copyStore(directory, old);
  await fill(directory, 11, 20);
  cpSync(join(directory, 'fence'), join(old, 'fence'));
  await expect(LogStore.open(old)).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringMatching(/lost its tail: its last batch is \d+, but batch \d+ was durable/),
  });
});

test('an older fence is a weaker bound, not damage', async () => {
  const directory = newDirectory();
  await fill(directory, 1, 10);
  const fence = readFileSync(join(directory, 'fence'));
  await fill(directory, 11, 20);
  writeFileSync(join(directory, 'fence'), fence);
  const store = await LogStore.open(directory);
  expect(await store.open()).toMatchObject([{ status: 'healthy', lastIndex: 20 }]);
  await store.close();
});

test('a torn end of the fence is a weaker bound, not damage', async () => {
  const directory = newDirectory();
  await fill(directory, 1, 10);
  truncateSync(join(directory, 'fence'), readFileSync(join(directory, 'fence')).length - 3);
  await fill(directory, 11, 12);
  const store = await LogStore.open(directory);
  expect(await store.open()).toMatchObject([{ status: 'healthy', lastIndex: 12 }]);
  await store.close();
});

test('a removed fence, one of another store, and a damaged header are reported', async () => {
  const directory = newDirectory();
  const other = newDirectory();
  await fill(directory, 1, 10);
  await fill(other, 1, 3);
  const fence = join(directory, 'fence');
  const own = readFileSync(fence);
  rmSync(fence);
  await expect(LogStore.open(directory)).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringContaining('is missing'),
  });
  cpSync(join(other, 'fence'), fence);
  await expect(LogStore.open(directory)).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringContaining('another store'),
  });
  const broken = Buffer.from(own);
  broken[12] = (broken[12] ?? 0) ^ 1;
  writeFileSync(fence, broken);
  await expect(LogStore.open(directory)).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringContaining('header of the fence'),
  });
  writeFileSync(fence, own);
  await fill(directory, 11, 11);
});

test('a removed database beside its fence is not taken for a new store', async () => {
  const directory = newDirectory();
  await fill(directory, 1, 10);
  rmSync(join(directory, 'db'), { recursive: true });
  await expect(LogStore.open(directory)).rejects.toMatchObject({ code: 'store_damaged' });
  expect(existsSync(join(directory, 'db', 'CURRENT'))).toBe(false);
});

test('a log that was shortened on purpose after the fence was written is healthy', async () => {
  const directory = newDirectory();
  const store = await LogStore.open(directory);
  await store.open();
  await store.write([
    { group: g1, append: entries(1, 50), meta: meta(1) },
    { group: g2, append: entries(1, 50), meta: meta(1) },
  ]);
  await store.close();
  const fence = readFileSync(join(directory, 'fence'));
  const again = await LogStore.open(directory);
  await again.open();
  await again.write([
    { group: g1, truncateFrom: logIndex(20) },
    { group: g2, destroy: true },
  ]);
  await again.close();
  writeFileSync(join(directory, 'fence'), fence);
  const third = await LogStore.open(directory);
  expect(await third.open()).toMatchObject([{ group: g1, status: 'healthy', lastIndex: 19 }]);
  await third.close();
});

test('a store in use is not opened, and the message says who holds it', async () => {
  const directory = newDirectory();
  const store = await LogStore.open(directory);
  await store.open();
  await store.write([{ group: g1, append: [entry(1)], meta: meta(1) }]);
  for (const opening of [LogStore.open(directory), LogStore.open(directory)]) {
    await expect(opening).rejects.toMatchObject({
      code: 'store_locked',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  }
  await store.close();
  await fill(directory, 2, 2);
});

test('a store that another process writes to is locked, never damaged', async () => {
  const directory = newDirectory();
  const child = new Child('./writer.ts', [directory]);
  await child.count(/^acked/, 20);
  for (let n = 0; n < 15; n += 1) {
    await expect(LogStore.open(directory)).rejects.toMatchObject({ code: 'store_locked' });
  }
  child.kill();
  await child.exited;
  const store = await LogStore.open(directory);
  await store.open();
  await store.close();
});

test('a store of another format is refused', async () => {
  const directory = newDirectory();
  await fill(directory, 1, 2);
  const { encodeFenceHeader, decodeFence } = await import('../../src/fence/fence-codec.js');
  const path = join(directory, 'fence');
  const read = decodeFence(readFileSync(path), 1);
  const storeId = read.kind === 'fence' ? read.fence.storeId : '';
  writeFileSync(path, encodeFenceHeader(2, storeId));
  await expect(LogStore.open(directory)).rejects.toMatchObject({
    code: 'store_version',
    message: expect.stringContaining('format 2'),
  });
});
