// Appends per second of a ContextStore in this process, over a real directory with synced writes:
//   npx tsc -b tsconfig.build.json && node test/measure/appends.mjs [seconds] [inFlight] [contexts] [directory]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { ContextStore } from '@fastpaca/context-store';
import { createEstimator } from '@fastpaca/token-budget';

const seconds = Number(process.argv[2] ?? 5);
const inFlight = Number(process.argv[3] ?? 64);
const contexts = Number(process.argv[4] ?? 256);
const parent = process.argv[5] ?? tmpdir();
const directory = await mkdtemp(join(parent, 'measure-'));
const estimator = createEstimator('tiktoken:gpt-4o');
let batches = 0;
const store = await ContextStore.open({
  directory,
  nodeName: 'measure',
  estimator,
  onFatal: (error) => {
    throw error;
  },
  observer: { onWrite: () => (batches += 1) },
});
const words = 'the quick brown fox jumps over the lazy dog and runs away from what it saw ';
const content = words.repeat(4).slice(0, 256);
const parts = [{ type: 'text', text: content }];
const source = { parts: [JSON.stringify(parts[0])] };
for (let n = 0; n < contexts; n += 1) await store.put(`context-${n}`, {});

const latencies = [];
let next = 0;
async function client(until) {
  while (performance.now() < until) {
    const id = `context-${next++ % contexts}`;
    const start = performance.now();
    await store.append(id, [{ role: 'user', parts, source }]);
    latencies.push(performance.now() - start);
  }
}
await Promise.all(Array.from({ length: inFlight }, () => client(performance.now() + 1000)));
latencies.length = 0;
batches = 0;
const cpu = process.cpuUsage();
const mainCpu = process.threadCpuUsage();
const start = performance.now();
await Promise.all(Array.from({ length: inFlight }, () => client(start + seconds * 1000)));
const elapsed = performance.now() - start;
const used = process.cpuUsage(cpu);
const mainUsed = process.threadCpuUsage(mainCpu);
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(2);
console.log(
  JSON.stringify({
    appendsPerSecond: Math.round((latencies.length / elapsed) * 1000),
    p50ms: at(0.5),
    p99ms: at(0.99),
    cpuMicrosPerAppend: ((used.user + used.system) / latencies.length).toFixed(1),
    mainThreadMicrosPerAppend: ((mainUsed.user + mainUsed.system) / latencies.length).toFixed(1),
    appendsPerBatch: (latencies.length / batches).toFixed(1),
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  }),
);
await store.close();
await estimator.close();
await rm(directory, { recursive: true, force: true });
