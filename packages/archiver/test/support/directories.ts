import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const made: string[] = [];
const cleanups: (() => void)[] = [];

afterAll(() => {
  for (const cleanup of cleanups) cleanup();
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** Runs before the directories go. */
export function onCleanup(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/** A new directory that goes when the test file ends. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'archiver-'));
  made.push(directory);
  return directory;
}
