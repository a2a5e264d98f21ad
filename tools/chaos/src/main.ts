import { randomInt } from 'node:crypto';
import { readOptions, usage, type ChaosOptions } from './options.ts';
import { runChaos } from './run.ts';

function parseOrExplain(): ChaosOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2), randomInt(1, 1_000_000));
    if (options === undefined) console.log(usage);
    return options;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

const options = parseOrExplain();
if (options !== undefined) {
  const started = performance.now();
  const say = (line: string): void =>
    console.log(`${((performance.now() - started) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  process.exitCode = (await runChaos(options, say, interrupted.signal)) ? 0 : 1;
}
