import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from '../archive-error.js';
import { systemCode } from './system-code.js';

/** Directories that this process has open: in a container every process before it had the same id. */
const open = new Set<string>();

/** @throws ArchiveError `archive_unavailable` where another process, or another archive of this one, has it */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'lock');
  if (open.has(directory)) throw locked(directory, process.pid);
  open.add(directory);
  try {
    await takeLock(directory, path);
  } catch (error) {
    open.delete(directory);
    throw error;
  }
  return async () => {
    await rm(path, { force: true });
    open.delete(directory);
  };
}

async function takeLock(directory: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (holder !== process.pid && isAlive(holder)) throw locked(directory, holder);
      await rm(path, { force: true });
    }
  }
  throw locked(directory, 0);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function locked(directory: string, pid: number): ArchiveError {
  return new ArchiveError(
    'archive_unavailable',
    `${directory} is open in process ${pid}: stop that one, or take another directory.`,
  );
}
