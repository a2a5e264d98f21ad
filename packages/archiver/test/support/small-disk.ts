import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory, onCleanup } from './directories.js';

export interface SmallDisk {
  readonly directory: string;
  /** Uses up what is left, but for a few pages. */
  fill(): void;
  /** Makes room again. */
  free(): void;
}

/** A file system of its own in memory; null where this process may not mount one. */
export function smallDisk(megabytes: number): SmallDisk | null {
  const parent = newDirectory();
  // Postgres comes here as another user.
  chmodSync(parent, 0o755);
  const directory = join(parent, 'disk');
  mkdirSync(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], {
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  onCleanup(() => void execFileSync('umount', ['-l', directory]));
  const filler = join(directory, 'filler');
  return {
    directory,
    fill() {
      for (let part = 0; ; part += 1) {
        try {
          writeFileSync(`${filler}-${part}`, Buffer.alloc(256 * 1024, 1));
        } catch {
          return;
        }
      }
    },
    free() {
      for (let part = 0; part < megabytes * 4; part += 1) rmSync(`${filler}-${part}`, { force: true });
    },
  };
}
