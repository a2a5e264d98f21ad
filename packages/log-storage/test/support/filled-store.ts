import type { GroupId } from '@fastpaca/raft-core';
import { LogStore } from '../../src/index.js';
import { bytes, entry, meta } from './samples.js';

const groups = [1, 2, 200] as GroupId[];

export function filledEntry(index: number): ReturnType<typeof entry> {
  return entry(index, 1, index % 7 === 0 ? 9_000 : 120);
}

export function filledValue(number: number): Buffer {
  return Buffer.alloc(100, `value ${number} `);
}

/** Writes batches with entries, metas, staged keys; `flushed`: through several tables, not only the log. */
export async function fill(directory: string, batches: number, flushed = false): Promise<void> {
  const store = await LogStore.open(directory, flushed ? { writeBufferBytes: 64 << 10 } : {});
  await store.open();
  for (let index = 1; index <= batches; index += 1) {
    for (const group of groups) {
      store.keySpace(group).stage([
        { type: 'put', key: bytes(`key ${index}`), value: filledValue(index) },
        { type: 'del', key: bytes(`key ${index - 3}`) },
      ]);
    }
    await store.write(groups.map((group) => ({ group, append: [filledEntry(index)], meta: meta(1) })));
  }
  await store.close();
}
