import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { getU48 } from '../layout/bytes.js';
import { batchKey } from '../layout/keys.js';
import { checkLog } from './log-format.js';
import type { LogRecord } from './log-format.js';
import { readManifest } from './manifest.js';
import type { Manifest } from './manifest.js';

export type Audit =
  | {
      readonly kind: 'sound';
      /** Sequence of the last batch in the logs; null: they hold none. */ readonly lastBatch: number | null;
    }
  | { readonly kind: 'damaged'; readonly what: string };

/**
 * Checks LevelDB's files before LevelDB opens them. It must be before: LevelDB 1.20 drops a damaged
 * block of its log with everything in it, says so only in its own LOG file (`paranoid_checks` is
 * false and classic-level cannot set it), writes the rest to a table and deletes the log. A flipped
 * bit in the middle of 400 entries left 383, and nothing reported it.
 *
 * Checked: every byte of the logs that will be replayed; that their batches follow each other without
 * a gap, by LevelDB's sequence and by ours; that the log named by the MANIFEST is there; that every
 * live table is there in its full size.
 */
export async function auditDb(directory: string): Promise<Audit> {
  const files = await readdir(directory);
  const current = (await readFile(join(directory, 'CURRENT'), 'latin1')).trim();
  if (!files.includes(current)) return damaged(`CURRENT names ${current || 'nothing'}, which is not there`);
  const manifest = readManifest(await readFile(join(directory, current)));
  if (typeof manifest === 'string') return damaged(`${current} is damaged: ${manifest}`);
  const table = await damagedTable(directory, manifest, files);
  if (table !== null) return damaged(table);
  return auditLogs(directory, manifest, files);
}

function damaged(what: string): Audit {
  return { kind: 'damaged', what };
}

async function damagedTable(
  directory: string,
  manifest: Manifest,
  files: readonly string[],
): Promise<string | null> {
  const present = new Set(files);
  for (const [number, size] of manifest.tables) {
    const name = ['ldb', 'sst']
      .map((end) => `${fileNumber(number)}.${end}`)
      .find((file) => present.has(file));
    if (name === undefined) return `the table ${fileNumber(number)}.ldb is missing`;
    const found = (await stat(join(directory, name))).size;
    if (found !== size) return `the table ${name} has ${found} bytes instead of ${size}`;
  }
  return null;
}

function fileNumber(number: number): string {
  return String(number).padStart(6, '0');
}

async function auditLogs(directory: string, manifest: Manifest, files: readonly string[]): Promise<Audit> {
  const numbers = files
    .map((name) => /^(\d+)\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .filter((number) => number >= manifest.logNumber)
    .sort((a, b) => a - b);
  if (manifest.logNumber > 0 && numbers[0] !== manifest.logNumber)
    return damaged(`the log ${fileNumber(manifest.logNumber)}.log is missing`);
  const chain = new BatchChain(manifest.lastSequence);
  let torn: string | null = null;
  for (const number of numbers) {
    const name = `${fileNumber(number)}.log`;
    const file = await readFile(join(directory, name));
    const { records, damage } = checkLog(file, headBytes, (record) => chain.take(record));
    // A process that dies while it recovers leaves a newer, empty log behind the torn one.
    if (records > 0 && torn !== null) return damaged(torn);
    if (damage === null) continue;
    const what = `${name} is damaged at byte ${damage.offset} of ${file.length}: ${damage.what}`;
    if (!damage.torn || torn !== null) return damaged(what);
    torn = what;
  }
  return { kind: 'sound', lastBatch: chain.lastBatch };
}

// A batch: sequence u64, count u32, then operations; ours begin with a put (tag 1) of `batchKey`.
const opsAt = 12;
const headBytes = opsAt + 3 + batchKey.length + 6;

class BatchChain {
  readonly #manifestSequence: number;
  #nextSequence: number | null = null;
  lastBatch: number | null = null;

  constructor(manifestSequence: number) {
    this.#manifestSequence = manifestSequence;
  }

  /** What is wrong with a batch that has a valid checksum, or null. */
  take({ data }: LogRecord): string | null {
    if (data.length < opsAt) return 'a batch is too short';
    const sequence = Number(data.readBigUInt64LE(0));
    if (this.#nextSequence === null ? sequence > this.#manifestSequence + 1 : sequence !== this.#nextSequence)
      return `batches before operation ${sequence} are missing`;
    this.#nextSequence = sequence + data.readUInt32LE(8);
    const batch = batchSequence(data);
    if (batch === null) return 'a batch is not one of this store';
    if (this.lastBatch !== null && batch !== this.lastBatch + 1)
      return `batches ${this.lastBatch + 1} to ${batch - 1} are missing`;
    this.lastBatch = batch;
    return null;
  }
}

function batchSequence(data: Buffer): number | null {
  const keyAt = opsAt + 2;
  const valueAt = keyAt + batchKey.length + 1;
  const isOurs =
    data.length >= valueAt + 6 &&
    data[opsAt] === 1 &&
    data[opsAt + 1] === batchKey.length &&
    data.subarray(keyAt, valueAt - 1).equals(batchKey);
  return isOurs ? getU48(data, valueAt) : null;
}
