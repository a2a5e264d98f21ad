import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * From the next write on, LevelDB's log in `directory` is on a full disk: its descriptor, which
 * LevelDB holds, now is one of /dev/full, where each write fails with ENOSPC.
 */
export function fillDiskUnder(directory: string): void {
  for (const name of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      continue;
    }
    if (target.startsWith(directory) && target.endsWith('.log')) replace(Number(name));
  }
}

function replace(descriptor: number): void {
  closeSync(descriptor);
  const spare: number[] = [];
  for (;;) {
    const opened = openSync('/dev/full', 'w');
    if (opened === descriptor) break;
    spare.push(opened);
  }
  for (const other of spare) closeSync(other);
}
