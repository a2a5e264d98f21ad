import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { copyRows, type CopyResult } from '../archive/copy-rows.ts';
import type { ArchiveRun, ArchiveRunOptions } from '../archive/run.ts';
import type { LocalPostgres } from '../systems/local-postgres.ts';

const run = promisify(execFile);
const entry = resolve(import.meta.dirname, '../archive/run.ts');
const MAX_REPORT_BYTES = 256 * 1024 * 1024;
const BATCH_ROWS = 5_000;
/** COPY's rate does not depend on how many rows there are, its files do. */
const COPIED_ROWS = 200_000;

export interface ArchiveResult {
  readonly archive: ArchiveRun;
  readonly copies: readonly CopyResult[];
}

/** A backlog of messages into an empty Postgres, then read back; and the same rows by COPY. */
export async function measureArchive(
  directory: string,
  postgres: LocalPostgres,
  shape: Omit<ArchiveRunOptions, 'connectionString'>,
  log: (line: string) => void,
): Promise<ArchiveResult> {
  const files = join(directory, 'copies');
  await mkdir(files, { recursive: true, mode: 0o755 });
  const options: ArchiveRunOptions = { ...shape, connectionString: await postgres.database('archive') };
  const { stdout } = await run(process.execPath, [entry, JSON.stringify(options)], {
    maxBuffer: MAX_REPORT_BYTES,
  });
  const archive = JSON.parse(stdout) as ArchiveRun;
  log(`archived ${archive.rows.toLocaleString('en')} messages in ${archive.seconds.toFixed(1)} s`);
  const messages = Math.min(shape.messages, COPIED_ROWS);
  const copied = { ...shape, messages, batchRows: BATCH_ROWS };
  const copies = await copyRows(await postgres.database('copies'), copied, files);
  for (const database of ['archive', 'copies']) await postgres.drop(database);
  return { archive, copies };
}
