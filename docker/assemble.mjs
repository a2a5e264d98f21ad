import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Assembles what production runs: built code and production dependencies, nothing else.
// Usage, after `npm ci && npm run build`: node docker/assemble.mjs DIRECTORY

const root = fileURLToPath(new URL('..', import.meta.url));
const target = process.argv[2];
if (!target) {
  process.stderr.write('Name the directory to assemble into: node docker/assemble.mjs DIRECTORY\n');
  process.exit(2);
}
const out = path.resolve(target);
if (existsSync(out) && readdirSync(out).length > 0) {
  process.stderr.write(`${out} is not empty; name a new directory.\n`);
  process.exit(2);
}

const projects = ['packages', 'apps', 'tools'].flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .map((name) => path.join(folder, name))
    .filter((project) => existsSync(path.join(root, project, 'package.json'))),
);

function copy(file) {
  const from = path.join(root, file);
  if (existsSync(from)) cpSync(from, path.join(out, file), { recursive: true, dereference: true });
}

mkdirSync(out, { recursive: true });
// npm ci holds the lock file against every manifest of the workspace, so all of them come along.
for (const file of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'docker/healthcheck.mjs'])
  copy(file);
for (const project of projects) copy(path.join(project, 'package.json'));
for (const project of projects) if (!project.startsWith('tools')) copy(path.join(project, 'dist'));

const flags = ['--omit=dev', '--workspace=@fastpaca/server', '--no-audit', '--no-fund', '--loglevel=error'];
execFileSync('npm', ['ci', ...flags], { cwd: out, stdio: 'inherit' });
