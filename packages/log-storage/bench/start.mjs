// node bench/start.mjs [messages] [bytes] [directory]
// Fills a store with staged keys and compacted log entries of many groups, then measures how long a
// start takes and what memory it needs. Build first: npm run build.
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LogStore } from '../dist/index.js';

const [messages = 1_000_000, size = 300] = process.argv.slice(2, 4).map(Number);
const directory = process.argv[4] ?? mkdtempSync(join(tmpdir(), 'log-storage-start-'));
const groups = 256;
const perGroup = 4;
const keepEntries = 100;
const conf = { voters: ['a'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

function metaOf(index) {
  const compacted = Math.max(0, index - keepEntries);
  return {
    hardState: { term: 1, vote: 'a', commit: index },
    conf,
    confIndex: 0,
    incarnation: 'bench',
    compacted: { index: compacted, term: compacted > 0 ? 1 : 0 },
    voteFrom: 0,
  };
}

async function fill(store) {
  let index = 0;
  for (let written = 0; written < messages; written += groups * perGroup) {
    const writes = [];
    for (let group = 0; group < groups; group += 1) {
      const append = [];
      for (let n = 1; n <= perGroup; n += 1) {
        const data = Buffer.alloc(size, `${group}:${index + n} of a message `);
        append.push({ index: index + n, term: 1, type: 'normal', data });
        const key = Buffer.alloc(24, 1);
        key.writeUInt32BE(index + n, 20);
        store.keySpace(group).stage([{ type: 'put', key, value: data }]);
      }
      writes.push({ group, append, meta: metaOf(index) });
    }
    await store.write(writes);
    index += perGroup;
  }
  return index;
}

async function timedOpen() {
  const begun = performance.now();
  const store = await LogStore.open(directory);
  const opened = performance.now();
  const found = await store.open();
  const done = performance.now();
  const damaged = found.filter((group) => group.status !== 'healthy').length;
  console.log(
    `start: ${((done - begun) / 1000).toFixed(2)} s (check and recovery ${((opened - begun) / 1000).toFixed(2)} s, ` +
      `logs of ${found.length} groups ${((done - opened) / 1000).toFixed(2)} s), ${damaged} damaged, ` +
      `memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  return store;
}

try {
  let store = await LogStore.open(directory);
  await store.open();
  const begun = performance.now();
  await fill(store);
  console.log(
    `${messages} messages of ${size} bytes written in ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  await store.close();
  for (let n = 0; n < 2; n += 1) {
    store = await timedOpen();
    await store.close();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
