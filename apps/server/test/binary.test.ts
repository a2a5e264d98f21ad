import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningServer, startServer } from './server-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the executable', () => {
  const place = mkdtempSync(path.join(tmpdir(), 'fastpaca-executable-'));
  const executable = path.join(place, 'bin/fastpaca-server');
  const [data, temporary, empty] = ['data', 'tmp', 'empty'].map((name) => path.join(place, name));

  beforeAll(async () => {
    if (empty !== undefined) mkdirSync(empty);
    // As the page on it says: a path is meant from where the command is given, not from a workspace's folder.
    await run('npm', ['run', 'binary', '--', path.relative(root, executable)], { cwd: root });
  }, 240_000);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  /** In an empty directory, with nothing in the path. */
  function start(): Promise<RunningServer> {
    const env = { PATH: '', TMPDIR: temporary ?? '' };
    return startServer({ command: [executable], root: empty ?? '', directory: data ?? '', env });
  }

  function post(server: RunningServer, text: string): Promise<Response> {
    return fetch(`${server.url}/v1/contexts/binary/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: { role: 'user', parts: [{ type: 'text', text }] } }),
    });
  }

  test('serves where no Node is, and has what it acknowledged after it was killed', async () => {
    const first = await start();
    const context = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await fetch(`${first.url}/v1/contexts/binary`, context)).status).toBe(201);
    const appended = await post(first, 'Hello there');
    expect(await appended.json()).toMatchObject({ seq: 1 });
    await first.kill();

    const second = await start();
    const answer = await fetch(`${second.url}/v1/contexts/binary/messages`);
    expect(await answer.json()).toMatchObject({
      messages: [{ seq: 1, parts: [{ type: 'text', text: 'Hello there' }] }],
    });
    // Long texts are counted on a thread, which starts from a file of its own.
    const long = await post(second, 'lorem ipsum '.repeat(20_000));
    expect(await long.json()).toMatchObject({ seq: 2, token_estimate: expect.any(Number) });
    const page = await fetch(`${second.url}/docs/swagger-ui-bundle.js`);
    expect(page.status).toBe(200);
    expect((await page.arrayBuffer()).byteLength).toBeGreaterThan(1_000_000);
    expect(await second.stop()).toBe(0);
    // Two starts of a process, each with its own deadline.
  }, 240_000);

  test('unpacks itself once, and writes nothing into the directory that it is started in', () => {
    expect(readdirSync(temporary ?? '')).toHaveLength(1);
    expect(readdirSync(empty ?? '')).toEqual([]);
    expect(statSync(executable).size).toBeLessThan(200e6);
  });

  test('says what to do where it cannot unpack itself', async () => {
    // A file where a directory should be: root could write to any directory that is merely read-only.
    const started = run(executable, [], { env: { PATH: '', TMPDIR: executable } });
    const failed = { code: 1, stderr: expect.stringMatching(/^start failed: .* Set TMPDIR to a directory/) };
    await expect(started).rejects.toMatchObject(failed);
  });
});
