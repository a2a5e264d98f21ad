import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { errorCode } from '../error-code.ts';
import type { Disks } from './disks.ts';

const sizeMiB = 2048;
const syncedWritesPerSecond = 20;
const restBytes = 8 << 20;
const controllers = '/sys/fs/cgroup/blkio';

/**
 * A small ext4 file system in a file for each node. It runs full without harm to the machine, and where the block
 * device controller of cgroups is there, its writes can be held back.
 *
 * @throws Error where the system does not let us mount
 */
export function openLoopDisks(root: string, count: number): Disks {
  const disks = new LoopDisks(root, count);
  try {
    disks.build();
  } catch (error) {
    disks.close();
    throw error;
  }
  return disks;
}

class LoopDisks implements Disks {
  readonly canFill = true;
  readonly canSlow = existsSync(path.join(controllers, 'blkio.throttle.write_iops_device'));
  readonly #root: string;
  readonly #count: number;

  constructor(root: string, count: number) {
    this.#root = root;
    this.#count = count;
  }

  get description(): string {
    const slow = this.canSlow
      ? `slowed to ${syncedWritesPerSecond} writes a second`
      : 'not slowed: no cgroup controller';
    return `an ext4 file system of ${sizeMiB} MiB for each node, filled with one file, ${slow}`;
  }

  build(): void {
    for (let index = 0; index < this.#count; index += 1) {
      const image = this.#image(index);
      mkdirSync(this.#mountPoint(index), { recursive: true });
      run('truncate', '-s', `${sizeMiB}M`, image);
      run('mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', image);
      run('mount', '-o', 'loop', image, this.#mountPoint(index));
      mkdirSync(this.directory(index));
    }
  }

  directory(index: number): string {
    return path.join(this.#mountPoint(index), 'data');
  }

  fill(index: number): void {
    const { bavail, bsize } = statfsSync(this.#mountPoint(index));
    // Allocated, not written: it takes the space at once. The file system needs some blocks to note that.
    const allocated = bavail * bsize - restBytes;
    if (allocated > 0) run('fallocate', '-l', String(allocated), this.#ballast(index));
    fillUp(`${this.#ballast(index)}-rest`);
  }

  free(index: number): void {
    rmSync(this.#ballast(index), { force: true });
    rmSync(`${this.#ballast(index)}-rest`, { force: true });
  }

  slow(index: number, pid: number): void {
    const group = this.#group(index);
    mkdirSync(group, { recursive: true });
    const device = deviceOf(this.#mountPoint(index));
    writeFileSync(path.join(group, 'blkio.throttle.write_iops_device'), `${device} ${syncedWritesPerSecond}`);
    writeFileSync(path.join(group, 'cgroup.procs'), String(pid));
  }

  unslow(index: number): void {
    const group = this.#group(index);
    if (!existsSync(group)) return;
    const device = deviceOf(this.#mountPoint(index));
    writeFileSync(path.join(group, 'blkio.throttle.write_iops_device'), `${device} 0`);
    for (const pid of readFileSync(path.join(group, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid !== '') writeFileSync(path.join(controllers, 'cgroup.procs'), pid);
    }
    rmdirSync(group);
  }

  wipe(index: number): void {
    rmSync(this.directory(index), { recursive: true, force: true });
    mkdirSync(this.directory(index));
  }

  close(): void {
    for (let index = 0; index < this.#count; index += 1) {
      try {
        this.unslow(index);
        run('umount', this.#mountPoint(index));
      } catch {
        // It was never mounted.
      }
      rmSync(this.#image(index), { force: true });
    }
  }

  #image(index: number): string {
    return path.join(this.#root, `n${index + 1}.img`);
  }

  #mountPoint(index: number): string {
    return path.join(this.#root, `n${index + 1}`, 'disk');
  }

  #ballast(index: number): string {
    return path.join(this.#mountPoint(index), 'ballast');
  }

  #group(index: number): string {
    return path.join(controllers, `fastpaca-chaos-${process.pid}-${index}`);
  }
}

/** `major:minor` of what is mounted there. */
function deviceOf(mountPoint: string): string {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((each) => each.split(' ')[4] === mountPoint);
  const device = line?.split(' ')[2];
  if (device === undefined) throw new Error(`nothing is mounted at ${mountPoint}`);
  return device;
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What ext4 holds back for blocks that it has yet to place is more than they take: room that a sync gives back, and fills. */
function fillUp(file: string): void {
  const block = Buffer.alloc(4 << 10);
  const descriptor = openSync(file, 'w');
  try {
    while (appended(descriptor, block)) {
      while (appended(descriptor, block));
      fsyncSync(descriptor);
    }
  } finally {
    closeSync(descriptor);
  }
}

function appended(descriptor: number, block: Buffer): boolean {
  try {
    return writeSync(descriptor, block) > 0;
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC') throw error;
    return false;
  }
}
