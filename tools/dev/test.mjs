import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build, install, node, root, say } from './prepare.mjs';

// Every package's tests, then one line that adds up Jest's own results. `npm test -- packages/client` runs only those.

/** What takes long starts first, so that the last minutes are many small projects and no core idles. */
const longest = [
  'apps/server',
  'packages/context-store',
  'tools/bench',
  'packages/client',
  'packages/raft-core',
  'tools/chaos',
  'tools/packages',
  'packages/archiver',
  'packages/log-storage',
  'packages/token-budget',
];

/** One more than cores: a test of real processes waits as much as it works. */
const lanes = os.availableParallelism() + 1;

/** The projects that have tests, the longest first. */
function projects() {
  const all = ['packages', 'apps', 'tools']
    .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((project) => existsSync(path.join(root, project, 'jest.config.mjs')));
  return [...longest, ...all.filter((project) => !longest.includes(project))];
}

const resultFile = (project) => path.join(root, project, '.jest/results.json');

/** Runs a project's tests, each line of output under its name. */
function runTests(project) {
  say(`${project}: started`);
  return new Promise((resolve) => {
    const child = spawn(node, [path.join(root, 'tools/jest/run.mjs')], {
      cwd: path.join(root, project),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => say(`${project}: ${line}`));
    }
    child.on('error', (error) => say(`${project}: ${error.message}`));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Runs them side by side; whether all passed. */
async function runAll(waiting) {
  const codes = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      codes.push(await runTests(next));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return codes.every((code) => code === 0);
}

/** Once more at the end, where a reader of a long output looks first. */
function failures(result) {
  return result.testResults
    .filter((file) => file.status === 'failed')
    .map((file) => `FAIL ${path.relative(root, file.name)}\n${file.message}`);
}

function addUp(ran) {
  const total = { passed: 0, failed: 0 };
  for (const project of ran) {
    if (!existsSync(resultFile(project))) {
      say(`${project}: no result, counted as one failure`);
      total.failed += 1;
      continue;
    }
    const result = JSON.parse(readFileSync(resultFile(project), 'utf8'));
    // A suite that does not even load has no failed test in it, yet must not pass for green.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    for (const message of failures(result)) say(`${project}: ${message}`);
    say(`${project}: ${result.numPassedTests} passed, ${failed} failed`);
    total.passed += result.numPassedTests;
    total.failed += failed;
  }
  return total;
}

const named = process.argv.slice(2);
let status = 0;
let chosen = projects();
try {
  const unknown = named.filter((name) => !chosen.includes(name));
  if (unknown.length > 0)
    throw new Error(`No tests in ${unknown.join(', ')}. Name one of ${chosen.join(', ')}.`);
  if (named.length > 0) chosen = chosen.filter((project) => named.includes(project));
  for (const project of chosen) rmSync(resultFile(project), { force: true });
  await install();
  await build();
  say(`Testing ${chosen.length} projects, ${lanes} at a time (some minutes for all of them) …`);
  if (!(await runAll([...chosen]))) status = 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  status = error.exitCode ?? 1;
}
const { passed, failed } = addUp(chosen);
say(`${passed} passed, ${failed} failed`);
process.exitCode = status || (failed > 0 ? 1 : 0);
