import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import {
  connectToTables,
  copyBatch,
  emptyTables,
  writeCopyFiles,
  type BatchFiles,
  type CopyShape,
} from './copy-files.ts';

/** Rows into Postgres by COPY at a steady rate, for as long as something else is measured beside it. */
export class CopyFeed {
  readonly #client: Client;
  readonly #files: readonly BatchFiles[];
  readonly #batchRows: number;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  /** Copied so far. */
  rows = 0;

  private constructor(client: Client, files: readonly BatchFiles[], batchRows: number) {
    this.#client = client;
    this.#files = files;
    this.#batchRows = batchRows;
  }

  static async open(connectionString: string, shape: CopyShape, directory: string): Promise<CopyFeed> {
    const files = await writeCopyFiles(shape, directory);
    return new CopyFeed(await connectToTables(connectionString), files, shape.batchRows);
  }

  start(rowsPerSecond: number): void {
    this.#stopped = false;
    this.#running = this.#run((1_000 * this.#batchRows) / rowsPerSecond);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#client.end();
  }

  async #run(batchMs: number): Promise<void> {
    const begun = performance.now();
    for (let batch = 0; !this.#stopped; batch += 1) {
      const file = batch % this.#files.length;
      // The same rows again: the tables have a primary key.
      if (file === 0) await this.#client.query(emptyTables);
      const files = this.#files[file];
      if (files === undefined) throw new Error('there are no rows to copy');
      await copyBatch(this.#client, files, 'both tables');
      this.rows += this.#batchRows;
      await sleep(Math.max(0, begun + (batch + 1) * batchMs - performance.now()));
    }
  }
}
