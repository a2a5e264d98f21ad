import { StoreError } from '../store-error.js';
import { BackupReader } from './backup-reader.js';
import { importContext } from './import-context.js';
import { ImportTally, type ImportReport } from './import-report.js';
import type { ImportTarget } from './import-target.js';
import { TaskPool } from './task-pool.js';

export interface ImportOptions {
  /** Contexts that are there and differ are replaced. Default false: they are left, and reported. */
  readonly overwrite?: boolean;
}

/** A context whose lines are together smaller is imported beside others. */
const smallContextBytes = 256 << 10;
const contextsAtOnce = 32;

/**
 * Imports a backup while it comes: a few MiB of it are in memory, and it is read no faster than the
 * store writes. Each context becomes visible as a whole. Those before a fault stay; importing the whole
 * file again skips them.
 *
 * @throws StoreError `invalid_backup` where the bytes are not a whole backup
 */
export async function importBackup(
  target: ImportTarget,
  chunks: AsyncIterable<Uint8Array>,
  { overwrite = false }: ImportOptions,
): Promise<ImportReport> {
  const tally = new ImportTally();
  const pool = new TaskPool(contextsAtOnce);
  const file = new BackupReader(chunks);
  try {
    await file.readHeader();
    for (let start = await file.nextContext(); start !== null; start = await file.nextContext()) {
      const context = start;
      const { inMemory, lines } = await file.linesOf(context, smallContextBytes);
      const run = async (): Promise<void> => {
        tally.add(context.id, await importContext(target, context, lines, overwrite));
      };
      // A large context is read from the file while it is written: nothing after it can be read yet.
      if (inMemory) await pool.run(run);
      else await run();
    }
    await pool.drain();
  } catch (error) {
    await pool.drain().catch(() => undefined);
    if (error instanceof StoreError && error.code === 'invalid_backup') throw tally.explain(error);
    throw error;
  } finally {
    await file.close();
  }
  return tally.report();
}
