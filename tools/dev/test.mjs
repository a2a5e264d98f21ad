import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, install, node, root, run, say } from './prepare.mjs';

// Every package's tests through Nx, then one line that adds up Jest's own results.

/** Jest's results of every project that has tests, whether it ran or not. */
function resultFiles() {
  return ['packages', 'apps', 'tools'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => existsSync(path.join(root, folder, name, 'jest.config.mjs')))
      .map((name) => ({
        project: `${folder}/${name}`,
        file: path.join(root, folder, name, '.jest/results.json'),
      })),
  );
}

function addUp() {
  const total = { passed: 0, failed: 0 };
  for (const { project, file } of resultFiles()) {
    if (!existsSync(file)) {
      say(`${project}: no result, counted as one failure`);
      total.failed += 1;
      continue;
    }
    const result = JSON.parse(readFileSync(file, 'utf8'));
    // A suite that does not even load has no failed test in it, yet must not pass for green.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    say(`${project}: ${result.numPassedTests} passed, ${failed} failed`);
    total.passed += result.numPassedTests;
    total.failed += failed;
  }
  return total;
}

let status = 0;
try {
  await install();
  await build();
  for (const { file } of resultFiles()) rmSync(file, { force: true });
  const nx = path.join(root, 'node_modules', '.bin', 'nx');
  await run(node, [nx, 'run-many', '-t', 'test', '--output-style=stream', ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  status = error.exitCode ?? 1;
}
const { passed, failed } = addUp();
say(`${passed} passed, ${failed} failed`);
process.exitCode = status || (failed > 0 ? 1 : 0);
