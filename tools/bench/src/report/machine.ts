import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { get_encoding } from 'tiktoken';
import { seededRandom } from '../workload/random.ts';
import { englishText } from '../workload/text.ts';

/**
 * What the numbers were taken on. Shared machines vary by a factor of three over a day, so two
 * yardsticks go with it: a synced write, and the tokenizer on one core.
 */
export function describeMachine(directory: string): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  const sync = medianSyncMs(directory).toFixed(2);
  const count = medianTokenizeUs().toFixed(0);
  return (
    `${String(processors.length)} × ${model}, ${String(memory)} GiB, ${type()}, Node ${process.versions.node}; ` +
    `fdatasync ${sync} ms, tiktoken o200k_base ${count} µs per KiB`
  );
}

/** Median time to encode 1 KiB of prose. */
function medianTokenizeUs(): number {
  const encoder = get_encoding('o200k_base');
  const random = seededRandom(1);
  const times: number[] = [];
  for (let turn = 0; turn < 300; turn += 1) {
    const text = englishText(random, 1_024);
    const from = performance.now();
    encoder.encode_ordinary(text);
    times.push((performance.now() - from) * 1_000);
  }
  encoder.free();
  return median(times);
}

/** Median time of a synced 4 KiB append: what each group commit pays at least. */
function medianSyncMs(directory: string): number {
  const path = join(directory, 'sync-probe');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4_096, 1);
  const times: number[] = [];
  for (let turn = 0; turn < 50; turn += 1) {
    writeSync(file, block);
    const from = performance.now();
    fdatasyncSync(file);
    times.push(performance.now() - from);
  }
  closeSync(file);
  rmSync(path);
  return median(times);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
