import type { Disks } from './disks.ts';
import { openLoopDisks } from './loop-disks.ts';
import { openPlainDisks } from './plain-disks.ts';

export type DiskChoice = 'auto' | 'loop' | 'plain';

/** A file system for each node where the system lets us mount one, else directories. */
export function openDisks(root: string, count: number, choice: DiskChoice): Disks {
  if (choice !== 'plain') {
    try {
      return openLoopDisks(root, count);
    } catch (error) {
      if (choice === 'loop') throw error;
    }
  }
  return openPlainDisks(root);
}
