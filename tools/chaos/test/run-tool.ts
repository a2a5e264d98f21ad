import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const source = path.join(import.meta.dirname, '../src');

/** Given to the servers that the tool starts: a vocabulary would be a quarter of each start. */
const env = { ...process.env, FASTPACA_TOKEN_ESTIMATOR: 'chars:4' };

/** A tool of this package as its npm script runs it. */
export interface RunningTool {
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

export function runTool(file: 'main.ts' | 'cluster.ts', args: readonly string[]): RunningTool {
  const child = spawn(process.execPath, [path.join(source, file), ...args], { env });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { output: () => output, kill: (signal) => child.kill(signal), ended };
}
