import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory, onCleanup } from './directories.js';

/** A place where a process runs out of space. */
export interface SmallDisk {
  readonly kind: string;
  readonly directory: string;
  /** For the shell that starts the process. */
  readonly shell: string;
  /** Makes room, while the process runs. */
  free(): void;
}

/** Always a limit on the size of a process's files; also a tmpfs, where this process may mount one. */
export function smallDisks(): SmallDisk[] {
  const tmpfs = smallTmpfs();
  return tmpfs === null ? [limitedFiles()] : [tmpfs, limitedFiles()];
}

function limitedFiles(): SmallDisk {
  // `ulimit -f` counts blocks of 512 bytes, or of 1,024 where sh is bash.
  return {
    kind: 'a limit on file sizes',
    directory: newDirectory(),
    shell: 'ulimit -f 200',
    free: () => undefined,
  };
}

function smallTmpfs(): SmallDisk | null {
  const mounted = join(newDirectory(), 'disk');
  mkdirSync(mounted);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mounted], { stdio: 'ignore' });
  } catch {
    return null;
  }
  onCleanup(() => void execFileSync('umount', ['-l', mounted]));
  const filler = join(mounted, 'filler');
  writeFileSync(filler, Buffer.alloc(1 << 20, 1));
  return { kind: 'a full tmpfs', directory: join(mounted, 'store'), shell: '', free: () => rmSync(filler) };
}
