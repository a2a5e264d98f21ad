import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

// Only for the message of whoever finds the store locked: the lock itself is LevelDB's, which the
// system releases however the process ends.

export async function writePid(path: string): Promise<void> {
  await writeFile(path, `${process.pid} ${hostname()}\n`);
}

export async function removePid(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** ` by process 12 on host`, or nothing where it is not known. */
export async function describeHolder(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const found = /^(\d+) (\S+)\n$/.exec(text);
  return found === null ? '' : ` by process ${found[1] ?? ''} on ${found[2] ?? ''}`;
}
