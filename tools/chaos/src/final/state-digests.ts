import { createHash } from 'node:crypto';
import path from 'node:path';
import { LogStore, type KeySpace } from '@fastpaca/log-storage';
import type { GroupDigest } from '../check/replica-checks.ts';

/** A group's header: its applied index, which may differ by entries that change nothing else. */
const headerKey = Buffer.of(0);

/**
 * A digest of each group's state in a data directory: every key and value, in order. The node must have stopped.
 * @throws LogStorageError where the directory is damaged, or in use
 */
export async function stateDigests(node: string, dataDirectory: string): Promise<GroupDigest[]> {
  const store = await LogStore.open(path.join(dataDirectory, 'store'));
  try {
    const digests: GroupDigest[] = [];
    for (const { group } of await store.open()) {
      digests.push({ node, group, ...(await digestOf(store.keySpace(group))) });
    }
    return digests;
  } finally {
    await store.close();
  }
}

async function digestOf(space: KeySpace): Promise<{ readonly sha256: string; readonly keys: number }> {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  const add = (bytes: Uint8Array): void => {
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  let keys = 0;
  for await (const [key, value] of space.range()) {
    if (headerKey.equals(key)) continue;
    add(key);
    add(value);
    keys += 1;
  }
  return { sha256: hash.digest('hex'), keys };
}
