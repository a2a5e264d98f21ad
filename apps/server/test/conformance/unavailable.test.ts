import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContextStore } from '@fastpaca/context-store';
import { CONTEXT_STORE } from '@fastpaca/nestjs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type TestApplication, message, startApplication } from '../application.js';

let app: TestApplication;
beforeEach(async () => {
  app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
  await app.put('/v1/contexts/a');
});
afterEach(() => app.close());

describe('Every mutating call that timed out may or may not have happened and says so', () => {
  test('504 outcome_unknown where the disk hangs; what was written comes to light when it goes on', async () => {
    const resume = hangDisk();
    let answer;
    try {
      answer = await app.post('/v1/contexts/a/messages', { message: message('late', { id: 'm1' }) });
    } finally {
      await resume();
    }
    expect([answer.status, answer.body.error]).toEqual([504, 'outcome_unknown']);

    const retry = await app.post('/v1/contexts/a/messages', { message: message('late', { id: 'm1' }) });
    expect([retry.status, retry.body.seq]).toEqual([201, 1]);
    expect((await app.get('/v1/contexts/a')).body.last_seq).toBe(1);
  });

  test('503 unavailable when it certainly did not', async () => {
    await app.app.get<ContextStore>(CONTEXT_STORE).close();
    const answer = await app.post('/v1/contexts/a/messages', { message: message('no') });
    expect([answer.status, answer.body.error]).toEqual([503, 'unavailable']);
    expect((await app.get('/health/ready')).status).toBe(503);
  });
});

/**
 * Makes every write of this process wait, as a disk that does not answer does: opening a pipe to read
 * blocks its thread until someone writes, and all of libuv's threads open one.
 * @returns what lets the disk go on
 */
function hangDisk(): () => Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-hang-'));
  const pipe = path.join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  const readers: Promise<FileHandle>[] = Array.from({ length: threads }, () => open(pipe, 'r'));
  return async () => {
    const writer = openSync(pipe, 'r+');
    for (const reader of await Promise.all(readers)) await reader.close();
    closeSync(writer);
    rmSync(directory, { recursive: true });
  };
}
