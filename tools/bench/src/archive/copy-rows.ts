import { performance } from 'node:perf_hooks';
import { connectToTables, copyBatch, emptyTables, writeCopyFiles, type CopyShape } from './copy-files.ts';

export interface CopyResult {
  /** What it fills. */
  readonly tables: 'messages' | 'both tables';
  readonly rows: number;
  readonly seconds: number;
}

/**
 * The same rows by COPY from a file on the server's disk, into empty tables of the same shape with the same
 * indexes, one transaction for every `batchRows`: as fast as Postgres takes rows that nobody reads, checks
 * or sends.
 */
export async function copyRows(
  connectionString: string,
  shape: CopyShape,
  directory: string,
): Promise<CopyResult[]> {
  const client = await connectToTables(connectionString);
  try {
    const files = await writeCopyFiles(shape, directory);
    const results: CopyResult[] = [];
    for (const tables of ['messages', 'both tables'] as const) {
      await client.query(emptyTables);
      const begun = performance.now();
      for (const batch of files) await copyBatch(client, batch, tables);
      results.push({ tables, rows: shape.messages, seconds: (performance.now() - begun) / 1_000 });
    }
    return results;
  } finally {
    await client.end();
  }
}
