import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Runs Jest with the configuration of the working directory, a package or the root with all of them, and leaves the results
// in .jest/results.json, which tools/dev/test.mjs adds up.
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
// V8 has four threads for collecting garbage in each process, which take two cores from each other: 15 % of all CPU time.
const hooks = new URL('source-hooks.mjs', import.meta.url).href;
const flags = [
  ...['--import', hooks, '--conditions=@fastpaca/source'],
  ...['--disable-warning=ExperimentalWarning', '--v8-pool-size=1'],
];
const run = [
  ...['--maxWorkers=100%', '--workerIdleMemoryLimit=1GB'],
  `--testSequencer=${fileURLToPath(new URL('longest-first.mjs', import.meta.url))}`,
  // On a busy machine a process takes longer than Jest's half second to end, and would be taken for one that something keeps.
  '--workerGracefulExitTimeout=10000',
];
const report = ['--json', '--outputFile=.jest/results.json'];
mkdirSync('.jest', { recursive: true });
// A process that a test starts loads what another one has compiled before: half of what a short one costs.
const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
// Without colours: those that Nx asks for would be in what the programs print that tests start and read.
const child = spawn(process.execPath, [...flags, jest, ...run, ...report, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env, FORCE_COLOR: '0' },
});
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
