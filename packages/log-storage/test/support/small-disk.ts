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

/** A tmpfs of 2 MiB where this process may mount one; else a limit on the size of the process's files. */
export function smallDisk(): SmallDisk {
  const place = newDirectory();
  const mounted = join(place, 'disk');
  mkdirSync(mounted);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mounted], { stdio: 'ignore' });
  } catch {
    // `ulimit -f` counts 512 bytes in sh.
    return {
      kind: 'a limit on file sizes',
      directory: mounted,
      shell: 'ulimit -f 400',
      free: () => undefined,
    };
  }
  onCleanup(() => void execFileSync('umount', ['-l', mounted]));
  const filler = join(mounted, 'filler');
  writeFileSync(filler, Buffer.alloc(1 << 20, 1));
  return {
    kind: 'a full tmpfs',
    directory: join(mounted, 'store'),
    shell: '',
    free: () => rmSync(filler),
  };
}
