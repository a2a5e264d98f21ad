// Time and memory of opening a directory that holds many messages:
//   npx tsc -b tsconfig.build.json && node test/measure/start.mjs [messages]
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { ContextStore } from '@fastpaca/context-store';
import { createEstimator } from '@fastpaca/token-budget';

const estimator = createEstimator('chars:4');
const open = (directory) =>
  ContextStore.open({
    directory,
    nodeName: 'measure',
    estimator,
    onFatal: (error) => {
      throw error;
    },
  });

if (process.argv[2] === 'open') {
  const start = performance.now();
  const store = await open(process.argv[3]);
  const openMs = Math.round(performance.now() - start);
  const window = await store.window('context-0');
  const readMs = Math.round(performance.now() - start) - openMs;
  const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
  console.log(JSON.stringify({ openMs, firstWindowMs: readMs, window: window.messages.length, rssMiB }));
  await store.close();
} else {
  const messages = Number(process.argv[2] ?? 1_000_000);
  const directory = await mkdtemp(join(tmpdir(), 'measure-'));
  const store = await open(directory);
  const text = 'the quick brown fox jumps over the lazy dog and runs away '.repeat(5).slice(0, 256);
  const parts = [{ type: 'text', text }];
  const batch = Array.from({ length: 250 }, (_, n) => ({ role: n % 2 === 0 ? 'user' : 'assistant', parts }));
  let appended = 0;
  async function client(n) {
    for (let turn = 0; appended < messages; turn += 1) {
      appended += batch.length;
      const id = `context-${(turn * 8 + n) % 1_000}`;
      if (turn < 125) await store.put(id, {});
      await store.append(id, batch);
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, n) => client(n)));
  await store.close();
  for (let n = 0; n < 2; n += 1) {
    const { stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, 'open', directory]);
    process.stdout.write(`${stdout}${stderr}`);
  }
  await rm(directory, { recursive: true, force: true });
}
await estimator.close();
