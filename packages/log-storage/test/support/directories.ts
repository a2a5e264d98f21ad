import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
  const directory = mkdtempSync(join(tmpdir(), 'log-storage-'));
  made.push(directory);
  return directory;
}

/**
 * What a power cut at this moment would leave of an open store: the fence is copied before LevelDB's
 * log, since it may never be ahead of it.
 */
export function copyStore(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(join(to, 'db'), { recursive: true });
  copyFileSync(join(from, 'fence'), join(to, 'fence'));
  const files = readdirSync(join(from, 'db'));
  const order = (name: string): number => (name.endsWith('.log') ? 1 : 0);
  for (const name of files.sort((a, b) => order(a) - order(b))) {
    if (name !== 'LOCK') copyFileSync(join(from, 'db', name), join(to, 'db', name));
  }
}
