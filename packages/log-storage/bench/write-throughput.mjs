// node bench/write-throughput.mjs [entries per batch] [bytes] [seconds] [directory]
// Closed loop, one write in flight, as the host drives it: each batch has entries of many groups, as
// many staged puts of the same size, and the groups' metas. Build first: npm run build.
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LogStore } from '../dist/index.js';

const [perBatch = 64, size = 300, seconds = 5] = process.argv.slice(2, 5).map(Number);
const directory = process.argv[5] ?? mkdtempSync(join(tmpdir(), 'log-storage-bench-'));
const groups = 256;
const keepEntries = 200;

async function run(name, { staged, metas }) {
  const place = join(directory, name);
  const store = await LogStore.open(place, { onFailure: (error) => console.error(error) });
  await store.open();
  const conf = { voters: ['a'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const metaOf = (index) => ({
    hardState: { term: 1, vote: 'a', commit: index },
    conf,
    confIndex: 0,
    incarnation: 'bench',
    compacted: { index: Math.max(0, index - keepEntries), term: index > keepEntries ? 1 : 0 },
    voteFrom: 0,
  });
  const last = new Array(groups).fill(0);
  await store.write(last.map((_, group) => ({ group, meta: metaOf(0) })));
  const spaces = last.map((_, group) => store.keySpace(group));
  const data = Buffer.from(Array.from({ length: size }, (_, n) => 32 + ((n * 7919 + size) % 90)));
  const times = [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let written = 0;
  while (performance.now() - begun < seconds * 1000) {
    const from = performance.now();
    const writes = new Map();
    for (let n = 0; n < perBatch; n += 1) {
      const group = (written + n * 37) % groups;
      last[group] += 1;
      const index = last[group];
      const write = writes.get(group) ?? { group, append: [] };
      write.append.push({ index, term: 1, type: 'normal', data });
      if (metas) write.meta = metaOf(index - 1);
      writes.set(group, write);
      if (!staged) continue;
      const key = Buffer.allocUnsafe(24).fill(7);
      key.writeUInt32BE(index, 20);
      spaces[group].stage([{ type: 'put', key, value: data }]);
    }
    await store.write([...writes.values()]);
    written += perBatch;
    times.push(performance.now() - from);
  }
  const elapsed = (performance.now() - begun) / 1000;
  const used = process.cpuUsage(cpu);
  await store.close();
  times.sort((a, b) => a - b);
  const at = (share) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  console.log(
    `${name}: ${Math.round(written / elapsed)} entries/s, batch p50 ${at(0.5)} ms p99 ${at(0.99)} ms, ` +
      `CPU ${((used.user + used.system) / written).toFixed(1)} µs per entry (of it user ${(used.user / written).toFixed(1)})`,
  );
}

try {
  console.log(`${perBatch} entries of ${size} bytes per batch, ${groups} groups`);
  await run('entries', { staged: false, metas: false });
  await run('entries-staged', { staged: true, metas: false });
  await run('entries-staged-metas', { staged: true, metas: true });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
