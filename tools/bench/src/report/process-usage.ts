import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** Proportional set size: resident memory, pages shared between processes counted once. */
  readonly memoryMiB: number;
  /** User and system CPU seconds since the processes began. */
  readonly cpuSeconds: number;
}

/** Linux gives /proc/PID/stat in clock ticks, of which there are 100 a second on every usual build. */
const TICKS_PER_SECOND = 100;

/**
 * Memory and CPU time of processes and all their descendants, from /proc (Linux). Elsewhere undefined:
 * the report leaves the columns out.
 */
export function processUsage(roots: readonly number[]): ProcessUsage | undefined {
  const stats = readStats();
  if (stats === undefined) return undefined;
  const members = new Set(roots);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, { parent }] of stats) {
      if (members.has(parent) && !members.has(pid)) {
        members.add(pid);
        grown = true;
      }
    }
  }
  let memoryKiB = 0;
  let ticks = 0;
  for (const pid of members) {
    memoryKiB += proportionalSetSizeKiB(pid);
    ticks += stats.get(pid)?.ticks ?? 0;
  }
  return { memoryMiB: memoryKiB / 1_024, cpuSeconds: ticks / TICKS_PER_SECOND };
}

function readStats(): Map<number, { parent: number; ticks: number }> | undefined {
  let entries: string[];
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const stats = new Map<number, { parent: number; ticks: number }>();
  for (const pid of entries) {
    const text = readIfThere(`/proc/${pid}/stat`);
    if (text === undefined) continue;
    // The second field is the command in parentheses and may hold spaces: count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
    stats.set(Number(pid), { parent: Number(fields[1]), ticks });
  }
  return stats;
}

function proportionalSetSizeKiB(pid: number): number {
  const text = readIfThere(`/proc/${String(pid)}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(text ?? '')?.[1] ?? 0);
}

/** A process may end between being listed and being read. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** CPU seconds so far of each kind of thread of a process, by the name the threads go by. */
export function threadCpuSeconds(pid: number): Map<string, number> {
  const seconds = new Map<string, number>();
  const tasks = `/proc/${String(pid)}/task`;
  for (const thread of listIfThere(tasks)) {
    const text = readIfThere(`${tasks}/${thread}/stat`);
    if (text === undefined) continue;
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    seconds.set(name, (seconds.get(name) ?? 0) + ticks / TICKS_PER_SECOND);
  }
  return seconds;
}

function listIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
