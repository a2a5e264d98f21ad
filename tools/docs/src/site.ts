import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { root } from './repository.ts';

// The documentation site: `npm run docs` serves it and follows edits, `npm run docs build` writes it to tools/docs/dist.
// `npm run check` builds it without what only a reader needs: no scripts, no colours, no search.

const here = path.join(root, 'tools/docs');

/** Runs a program of the workspace; its failure is ours. */
function run(program: string, args: readonly string[], cwd: string): void {
  const file = path.join(root, 'node_modules/.bin', program);
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** One page for each package, from its docstrings, among the others: not committed. */
function writeApiPages(): void {
  rmSync(path.join(root, 'docs/api'), { recursive: true, force: true });
  run('typedoc', ['--options', path.join(here, 'typedoc.json')], root);
}

const [command = 'serve', ...rest] = process.argv.slice(2);
const programs: Readonly<Record<string, readonly string[]>> = {
  serve: ['dev'],
  build: ['build'],
  check: ['build', '--mpa'],
};
const program = programs[command];
if (program === undefined) {
  process.stderr.write('Usage: npm run docs [serve|build|check]\n');
  process.exit(2);
}
if (command === 'check') process.env['DOCS_CHECK'] = '1';
writeApiPages();
run('vitepress', [...program, ...rest], here);
