import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, install, node, root, run, say } from './prepare.mjs';

// Every package's tests, then one line that adds up Jest's own results. `npm test -- packages/client` runs only those.

const results = path.join(root, '.jest/results.json');

/** The projects that have tests. */
function projects() {
  return ['packages', 'apps', 'tools']
    .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((project) => existsSync(path.join(root, project, 'jest.config.mjs')));
}

/** Prints what each project came to, what failed once more, and returns the sums. */
function addUp(ran) {
  const total = { passed: 0, failed: 0 };
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
  for (const project of ran) {
    const files = testResults.filter(({ name }) => name.startsWith(path.join(root, project) + path.sep));
    const outcomes = files.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
    const passed = outcomes.filter((status) => status === 'passed').length;
    // A file that does not even load has no failed test in it, yet must not pass for green; nor may a project without files.
    const broken = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
    const failed =
      outcomes.filter((status) => status === 'failed').length + broken.length + (files.length === 0 ? 1 : 0);
    for (const { message } of files.filter(({ status }) => status === 'failed')) say(message);
    say(`${project}: ${passed} passed, ${failed} failed`);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

const named = process.argv.slice(2);
const all = projects();
const unknown = named.filter((name) => !all.includes(name));
let status = 0;
let total = { passed: 0, failed: 1 };
try {
  if (unknown.length > 0)
    throw new Error(`No tests in ${unknown.join(', ')}. Name one of ${all.join(', ')}.`);
  await install();
  await build();
  const chosen = named.length > 0 ? all.filter((project) => named.includes(project)) : all;
  rmSync(results, { force: true });
  say(`Testing ${chosen.length} projects (some minutes for all of them) …`);
  const only = chosen.length < all.length ? chosen.map((project) => `/${project}/test/`) : [];
  await run(node, [path.join(root, 'tools/jest/run.mjs'), ...only]).catch((error) => {
    status = error.exitCode ?? 1;
  });
  total = addUp(chosen);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  status = error.exitCode ?? 1;
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = status || (total.failed > 0 ? 1 : 0);
