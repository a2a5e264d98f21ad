import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'postject';
import { build } from 'esbuild';
import { sha256 } from './binary/unpack.ts';
import { copyServer } from './bundle/copy-server.ts';

// One executable with Node, the server and everything it reads inside, for the platform that it is made on.
// Usage, after `npm run build`: npm run binary [FILE]

/** By which Node finds out that something was injected into it: a constant of its documentation. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Writes what the executable unpacks, and returns the paths of its files, relative to `content`. */
function writeContent(content: string): string[] {
  copyServer(content);
  // The executable's own script cannot import files; one that it requires can.
  writeFileSync(path.join(content, 'start.cjs'), "import('./dist/bundle/main.mjs');\n");
  return globSync('**/*', { cwd: content, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(content, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** The executable's own script, which unpacks the rest. */
async function bundleLauncher(file: string): Promise<void> {
  const entryPoints = [path.join(import.meta.dirname, 'binary/launcher.ts')];
  await build({
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    entryPoints,
    outfile: file,
  });
}

/** Node's own format of what is to be injected. */
async function prepare(directory: string): Promise<Buffer> {
  const content = path.join(directory, 'content');
  const names = writeContent(content);
  const manifest = Object.fromEntries(
    names.map((name) => [name, sha256(readFileSync(path.join(content, name)))] as const),
  );
  writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  await bundleLauncher(path.join(directory, 'launcher.cjs'));
  const assets = Object.fromEntries(names.map((name) => [name, path.join(content, name)]));
  const config = {
    main: path.join(directory, 'launcher.cjs'),
    output: path.join(directory, 'blob'),
    disableExperimentalSEAWarning: true,
    assets: { ...assets, 'manifest.json': path.join(directory, 'manifest.json') },
  };
  writeFileSync(path.join(directory, 'sea.json'), JSON.stringify(config));
  execFileSync(process.execPath, ['--experimental-sea-config', path.join(directory, 'sea.json')]);
  return readFileSync(config.output);
}

/** Makes the executable. It is put in place when it is whole. */
export async function buildBinary(file: string): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-binary-'));
  try {
    const blob = await prepare(directory);
    const executable = path.join(directory, 'executable');
    copyFileSync(process.execPath, executable);
    chmodSync(executable, 0o755);
    await inject(executable, 'NODE_SEA_BLOB', blob, {
      sentinelFuse: fuse,
      ...(process.platform === 'darwin' ? { machoSegmentName: 'NODE_SEA' } : {}),
    });
    mkdirSync(path.dirname(file), { recursive: true });
    rmSync(file, { force: true });
    copyFileSync(executable, file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const file = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../dist/fastpaca-server'));
  await buildBinary(file);
  process.stdout.write(`${file}: ${(statSync(file).size / 1e6).toFixed(0)} MB\n`);
}
