// A process that reads a store of filled-store.ts with 400 batches and prints what it met:
// `right`, `noticed` where the store refused, `wrong` where it gave what was never written.
import { LogStore } from '../../src/index.js';
import type { LogIndex, StoredGroup } from '@fastpaca/raft-core';
import { filledEntry, filledValue } from './filled-store.js';

async function isRight(store: LogStore, stored: StoredGroup): Promise<boolean> {
  if (stored.status === 'damaged') throw new Error(stored.reason);
  if (stored.lastIndex !== 400) return false;
  const read = await store.read(stored.group, 1 as LogIndex, stored.lastIndex, Number.MAX_SAFE_INTEGER);
  const same = read.every(
    ({ index, data }, n) => index === n + 1 && Buffer.from(filledEntry(index).data).equals(data),
  );
  if (!same || read.length !== 400) return false;
  for (const [key, value] of await store.keySpace(stored.group).rangeArray({})) {
    if (!filledValue(Number(Buffer.from(key).toString().slice(4))).equals(value)) return false;
  }
  return true;
}

async function look(): Promise<'right' | 'wrong' | 'noticed'> {
  try {
    const store = await LogStore.open(process.argv[2] ?? '');
    const found = await store.open();
    if (found.length !== 3) return 'wrong';
    for (const stored of found) if (!(await isRight(store, stored))) return 'wrong';
    await store.close();
    return 'right';
  } catch {
    return 'noticed';
  }
}

console.log(await look());
process.exit();
