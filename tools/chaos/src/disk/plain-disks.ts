import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Disks } from './disks.ts';

/** Directories on the machine's own disk. It is nobody's to fill. */
export function openPlainDisks(root: string): Disks {
  const directory = (index: number): string => {
    const place = path.join(root, `n${index + 1}`, 'data');
    mkdirSync(place, { recursive: true });
    return place;
  };
  const impossible = (): never => {
    throw new Error('these disks are plain directories');
  };
  return {
    description: 'plain directories: disks are neither filled nor slowed',
    canFill: false,
    canSlow: false,
    directory,
    fill: impossible,
    free: impossible,
    slow: impossible,
    unslow: impossible,
    wipe: (index) => rmSync(directory(index), { recursive: true, force: true }),
    close: () => undefined,
  };
}
