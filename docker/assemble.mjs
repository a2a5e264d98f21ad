import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Assembles what production runs: built code and production dependencies, nothing else.
// Usage, after `npm ci && npm run build`: node docker/assemble.mjs DIRECTORY
// With SOURCE_DATE_EPOCH set, every file has that time, so that the same commit gives the same bytes.

const root = fileURLToPath(new URL('..', import.meta.url));

function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}

function readManifest(project) {
  return JSON.parse(readFileSync(path.join(root, project, 'package.json'), 'utf8'));
}

/** The workspace's projects by package name. */
function workspace() {
  const folders = ['packages', 'apps', 'tools'].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const projects = folders.filter((project) => existsSync(path.join(root, project, 'package.json')));
  return new Map(projects.map((project) => [readManifest(project).name, project]));
}

/** The server and those packages of ours that it needs to run. */
function needed() {
  const all = workspace();
  const found = new Map();
  const visit = (project) => {
    if (found.has(project)) return;
    const manifest = readManifest(project);
    found.set(project, manifest);
    for (const name of Object.keys(manifest.dependencies ?? {})) if (all.has(name)) visit(all.get(name));
  };
  visit('apps/server');
  return found;
}

function write(out, file, content) {
  mkdirSync(path.dirname(path.join(out, file)), { recursive: true });
  writeFileSync(path.join(out, file), `${JSON.stringify(content, null, 2)}\n`);
}

/** Where manifests keep what only development needs. */
const withoutDevelopment = ({ devDependencies: _, scripts: __, ...manifest }) => manifest;

/**
 * A workspace of these projects alone. `npm ci --omit=dev` in a workspace with all of them leaves out only
 * what no project needs in production: a package that is a development dependency here and a production
 * dependency of another project, such as an example, would come along.
 */
function layOut(out) {
  const projects = needed();
  write(out, 'package.json', {
    ...withoutDevelopment(readManifest('.')),
    workspaces: [...projects.keys()].sort(),
  });
  for (const [project, manifest] of projects) {
    const dist = path.join(root, project, 'dist');
    if (!existsSync(dist)) refuse(`${project} is not built; run: npm run build`);
    write(out, `${project}/package.json`, withoutDevelopment(manifest));
    const filter = (file) => !file.endsWith('.tsbuildinfo');
    cpSync(dist, path.join(out, project, 'dist'), { recursive: true, dereference: true, filter });
  }
  for (const file of ['package-lock.json', '.npmrc', 'LICENSE', 'docker/healthcheck.mjs'])
    cpSync(path.join(root, file), path.join(out, file), { recursive: true });
}

/** Types and source maps of dependencies: half of what npm unpacks, and nothing reads them at run time. */
function prune(dependencies) {
  for (const entry of readdirSync(dependencies, { recursive: true }))
    if (/\.(map|d\.[cm]?ts)$/.test(entry)) rmSync(path.join(dependencies, entry), { recursive: true });
}

function setTimes(out, seconds) {
  for (const entry of readdirSync(out, { recursive: true }))
    lutimesSync(path.join(out, entry), seconds, seconds);
  lutimesSync(out, seconds, seconds);
}

const target = process.argv[2];
if (!target) refuse('Name the directory to assemble into: node docker/assemble.mjs DIRECTORY');
const out = path.resolve(target);
if (existsSync(out) && readdirSync(out).length > 0) refuse(`${out} is not empty; name a new directory.`);

mkdirSync(out, { recursive: true });
layOut(out);
const flags = ['--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'];
execFileSync('npm', ['ci', ...flags], { cwd: out, stdio: 'inherit' });
prune(path.join(out, 'node_modules'));
const epoch = process.env.SOURCE_DATE_EPOCH;
if (epoch) setTimes(out, Number(epoch));
