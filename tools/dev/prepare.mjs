import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

// What `npm start` and `npm test` need before anything of the workspace can be imported: only Node
// built-ins here, and nothing newer than Node 20.

export const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = path.join(root, 'node_modules', '.bin');

/** The Node that the workspace pins, whatever Node the machine brought. */
export const node = path.join(bin, 'node');

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs a command to its end; rejects with its exit code where that is not 0. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new CommandFailed(`${[command, ...args].join(' ')} ended with ${signal ?? code}`, code ?? 1));
    });
  });
}

export class CommandFailed extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** npm writes its own copy of the lock file last, so a copy that is newer means a finished install. */
const installedLock = path.join(root, 'node_modules', '.package-lock.json');

function installed() {
  const lock = path.join(root, 'package-lock.json');
  return (
    existsSync(installedLock) && existsSync(node) && statSync(installedLock).mtimeMs >= statSync(lock).mtimeMs
  );
}

export async function install() {
  if (installed()) return;
  say('Installing dependencies (a minute or two the first time) …');
  const [command, prefix] = npm();
  await run(command, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** The npm that started us, so that no other one from the PATH is picked. */
function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
}

export async function build() {
  const built = existsSync(path.join(root, 'apps/server/dist/main.js'));
  if (!built) say('Building …');
  await run(node, [path.join(bin, 'tsc'), '-b']);
  if (!bundled()) await run(node, [path.join(root, 'tools/deploy/src/build-bundle.ts')]);
}

/** Whether the server's bundle is newer than everything that it is made of. */
function bundled() {
  const bundle = path.join(root, 'apps/server/dist/bundle/main.mjs');
  if (!existsSync(bundle)) return false;
  const made = statSync(bundle).mtimeMs;
  const built = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name, 'dist/.tsbuildinfo')),
  );
  const bundler = path.join(root, 'tools/deploy/src/bundle/bundle-server.ts');
  return [...built.filter((file) => existsSync(file)), installedLock, bundler].every(
    (file) => statSync(file).mtimeMs <= made,
  );
}

/** Ends the process as the failed command did, without a stack that says nothing. */
export function exitWith(error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode ?? 1);
}
