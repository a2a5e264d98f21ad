import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import * as archiver from '../src/index.js';
import { newDirectory } from './support/directories.js';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the example of the README runs on its own, and says what it has archived', async () => {
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  const directory = newDirectory();
  const file = join(directory, 'example.ts');
  // The package by its name, from its sources: outside of node_modules Node takes the types out by itself.
  const entry = join(directory, 'archiver.mjs');
  writeFileSync(entry, `export * from ${JSON.stringify(join(root, 'dist/index.js'))};`);
  writeFileSync(file, code.replace("'@fastpaca/archiver'", "'./archiver.mjs'"));
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    cwd: directory,
  });
  expect(stdout.trim().split('\n')).toEqual([
    ...[1, 2, 3].map(
      (seq) =>
        `${seq} {"seq":${seq},"role":"user","parts":[{"type":"text","text":"no. ${seq}"}],"metadata":{}}`,
    ),
    'archived up to 3',
  ]);
});

test('the README names every error code, option and export that there is', () => {
  const source = readFileSync(join(root, 'src/archive-error.ts'), 'utf8');
  const codes = new Set([...source.matchAll(/'(archive_\w+)'/g)].map(([, code]) => code));
  expect(codes.size).toBeGreaterThan(5);
  for (const code of codes) expect(readme).toContain(`\`${code}\``);
  const options = readFileSync(join(root, 'src/engine/options.ts'), 'utf8');
  for (const [, option] of options.matchAll(/^ {2}readonly (\w+)\?:/gm))
    expect(readme).toContain(`\`${option}\``);
  for (const name of Object.keys(archiver)) {
    if (name !== 'DeadlineError') expect(readme).toContain(`\`${name}\``);
  }
});
