import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, so that its dependencies resolve; not into dist, which others may be reading.
const outDir = join(root, '.jest/dist');

beforeAll(async () => {
  const tsc = join(createRequire(import.meta.url).resolve('@typescript/native/package.json'), '../bin/tsc');
  const flags = [
    '--composite',
    'false',
    '--incremental',
    'false',
    '--declaration',
    'false',
    '--declarationMap',
    'false',
  ];
  const options = ['-p', 'tsconfig.build.json', '--outDir', outDir, '--noCheck', ...flags];
  await run(process.execPath, [tsc, ...options], { cwd: root });
});

/** Runs a module on a plain Node, without the flags of this process. */
async function runModule(name: string, source: string): Promise<string> {
  const file = join(outDir, name);
  await writeFile(file, source);
  const { stdout } = await run(process.execPath, [file], { cwd: root, env: {}, timeout: 20_000 });
  return stdout;
}

test('the compiled package counts on a worker too, and does not keep the process alive', async () => {
  const stdout = await runModule(
    'worker-check.mjs',
    `import { createEstimator } from './index.js';
    const estimator = createEstimator('tiktoken:gpt-4o');
    const long = 'It works as published. '.repeat(4000);
    console.log(JSON.stringify([estimator.countText(long), await estimator.countTextAsync(long)]));`,
  );
  expect(JSON.parse(stdout)).toEqual([20_001, 20_001]);
});

test('the example of the README prints what the README says', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, source = '', printed = ''] = /```js\n(.*?)```\s+It prints\s+```\n(.*?)```/s.exec(readme) ?? [];
  const stdout = await runModule('readme-check.mjs', source.replace('@fastpaca/token-budget', './index.js'));
  expect(printed).not.toBe('');
  expect(stdout).toBe(printed);
});
