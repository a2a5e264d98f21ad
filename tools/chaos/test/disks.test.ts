import { closeSync, fdatasyncSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { Disks } from '../src/disk/disks.ts';
import { errorCode } from '../src/error-code.ts';
import { openDisks } from '../src/disk/open-disks.ts';

let disks: Disks | null = null;
let root = '';
afterEach(() => {
  disks?.close();
  rmSync(root, { recursive: true, force: true });
});

/** Writes a block and makes it durable; the code of the error where that fails. */
function write(directory: string, name: string): string {
  const file = openSync(path.join(directory, name), 'w');
  try {
    writeSync(file, Buffer.alloc(64 << 10));
    fdatasyncSync(file);
    return 'written';
  } catch (error) {
    return errorCode(error);
  } finally {
    closeSync(file);
  }
}

test('a full disk takes nothing, one that is freed does, and a wiped one is empty', () => {
  root = mkdtempSync(path.join(tmpdir(), 'fastpaca-disks-'));
  disks = openDisks(root, 2, 'auto');
  const first = disks.directory(0);
  expect(write(first, 'before')).toBe('written');
  if (disks.canFill) {
    disks.fill(0);
    expect(write(first, 'full')).toBe('ENOSPC');
    expect(write(disks.directory(1), 'other')).toBe('written');
    disks.free(0);
  }
  expect(write(first, 'after')).toBe('written');
  disks.wipe(0);
  expect(readdirSync(disks.directory(0))).toEqual([]);
});

test('a slow disk makes synced writes wait until it is fast again', () => {
  root = mkdtempSync(path.join(tmpdir(), 'fastpaca-disks-'));
  disks = openDisks(root, 1, 'auto');
  if (!disks.canSlow) return;
  const directory = disks.directory(0);
  const took = (): number => {
    const from = performance.now();
    for (let turn = 0; turn < 30; turn += 1) write(directory, `f${turn}`);
    return performance.now() - from;
  };
  disks.slow(0, process.pid);
  // 20 writes a second: thirty blocks, each synced, take 1.5 s. The kernel counts in slices of time, and lets some through at
  // once after a rest.
  expect(took()).toBeGreaterThan(400);
  disks.unslow(0);
  expect(write(directory, 'fast')).toBe('written');
});
