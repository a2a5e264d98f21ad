// A process that writes until it is killed or the disk fails. Prints `acked N` after each durable
// batch, and what it meets at the end as `failed CODE`. One entry per group in every batch, and the
// number of the batch staged as a key.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import type { GroupId, GroupWrite, LogIndex } from '@fastpaca/raft-core';
import { LogStorageError, LogStore } from '../../src/index.js';
import { bytes, entry, meta } from './samples.js';

const [directory = '', groupCount = '4', size = '200'] = process.argv.slice(2);
// Where a limit on file sizes plays the full disk, its signal must not end the process.
process.on('SIGXFSZ', () => undefined);

// Node writes its cache of compiled modules when a process ends, and this one is killed.
flushCompileCache();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof LogStorageError ? error.code : String(error);
}

const store = await LogStore.open(directory, { writeBufferBytes: 256 << 10 });
const found = await store.open();
let number = found[0]?.status === 'healthy' ? found[0].lastIndex : 0;
say(`opened ${number}`);

function batch(index: number): GroupWrite[] {
  return Array.from({ length: Number(groupCount) }, (_, group) => {
    store
      .keySpace(group as GroupId)
      .stage([{ type: 'put', key: bytes('count'), value: bytes(String(index)) }]);
    const hardState = { term: meta(1).hardState.term, vote: null, commit: (index - 1) as LogIndex };
    return { group: group as GroupId, append: [entry(index, 1, Number(size))], meta: meta(1, { hardState }) };
  });
}

try {
  for (;;) {
    await store.write(batch(number + 1));
    number += 1;
    say(`acked ${number}`);
  }
} catch (error) {
  say(`failed ${codeOf(error)}`);
}

// The disk has room again: the store must not take anything all the same.
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'retry') {
    for (let n = 0; n < 5; n += 1)
      await store.write([]).then(
        () => say('retried ok'),
        (error) => say(`retried ${codeOf(error)}`),
      );
    await store.close();
    say('closed');
    break;
  }
}
// What is left open is the input, which its other end holds.
process.exit();
