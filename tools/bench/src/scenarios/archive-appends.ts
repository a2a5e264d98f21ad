import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CopyFeed } from '../archive/copy-feed.ts';
import { loadForTime, overHttp } from '../load/closed-loop.ts';
import { Measurement } from '../load/measurement.ts';
import type { BenchOptions } from '../options.ts';
import { processUsage } from '../report/process-usage.ts';
import { ContextStoreSystem } from '../systems/context-store.ts';
import type { LocalPostgres } from '../systems/local-postgres.ts';
import { readMetric } from '../systems/metric.ts';
import { cycle, encodeAppends } from '../workload/requests.ts';
import { createContexts } from './compare.ts';

/**
 * What Postgres does beside the appends: nothing, what the node archives, or COPY at the rate that the archive aims at, which
 * is the least that as many rows cost these cores.
 */
export type Beside = 'nothing' | 'the archiver' | 'COPY';

/** Appends to one node, over all rounds. */
export interface AppendsResult {
  readonly beside: Beside;
  readonly total: Measurement;
  /** CPU seconds of the node, and of Postgres. */
  serverCpuSeconds: number;
  postgresCpuSeconds: number;
  /** Rows that came into Postgres meanwhile. */
  rows: number;
  /** Rows that were still to be archived at the end of the last round. */
  pendingRows: number;
}

const copiedRowsPerSecond = 20_000;
const copyShape = { messages: 100_000, batchRows: 5_000 };

/**
 * The same node in turn without the archiver, with it, and beside COPY, over one data directory: what is appended
 * without it is a backlog for its next turn, so that the archive is busy all the time.
 */
export async function measureAppendsBesideArchive(
  directory: string,
  postgres: LocalPostgres,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<AppendsResult[]> {
  let copy: CopyFeed | undefined;
  try {
    const files = join(directory, 'appends-copies');
    await mkdir(files, { recursive: true, mode: 0o755 });
    const messages = Math.min(copyShape.messages, options.startMessages);
    const shape = { ...options, messages, batchRows: Math.min(copyShape.batchRows, messages) };
    copy = await CopyFeed.open(await postgres.database('copies'), shape, files);
    const env = { DATABASE_URL: await postgres.database('appends') };
    const results = (['nothing', 'the archiver', 'COPY'] as const).map(emptyResult);
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const result of results) {
        const system = new ContextStoreSystem(join(directory, 'appends'), {
          inspected: false,
          env: { ...env, FASTPACA_ARCHIVER_ENABLED: String(result.beside === 'the archiver') },
        });
        if (result.beside === 'COPY') copy.start(copiedRowsPerSecond);
        await runTurn(system, { copy, postgresPid: await postgres.processId() }, options, result);
        await copy.stop();
        log(`round ${String(round)}/${String(options.rounds)}  appends beside ${result.beside}`);
      }
    }
    return results;
  } finally {
    await copy?.close();
  }
}

const emptyResult = (beside: Beside): AppendsResult => ({
  beside,
  total: new Measurement(),
  serverCpuSeconds: 0,
  postgresCpuSeconds: 0,
  rows: 0,
  pendingRows: 0,
});

async function runTurn(
  system: ContextStoreSystem,
  { copy, postgresPid }: { copy: CopyFeed; postgresPid: number },
  options: BenchOptions,
  result: AppendsResult,
): Promise<void> {
  const running = await system.start();
  const metric = (name: string): Promise<number> =>
    result.beside === 'the archiver' ? readMetric(running.port, name) : Promise.resolve(0);
  const sample = async (sign: 1 | -1): Promise<void> => {
    result.serverCpuSeconds += sign * (processUsage(running.processIds)?.cpuSeconds ?? 0);
    result.postgresCpuSeconds += sign * (processUsage([postgresPid])?.cpuSeconds ?? 0);
    const archived = await metric('fastpaca_archive_inserted_total');
    result.rows += sign * (archived + copy.rows);
  };
  try {
    await createContexts(running.port, options.contexts);
    const measurement = await loadForTime({
      connect: overHttp([running.port]),
      inFlight: options.inFlight,
      next: cycle(encodeAppends(options)),
      warmUpSeconds: options.warmUpSeconds,
      seconds: options.seconds,
      onPhase: (phase) => sample(phase === 'begin' ? -1 : 1),
    });
    if (measurement.errorCount > 0) throw new Error(`appends failed: ${measurement.firstError ?? ''}`);
    result.total.add(measurement);
    result.pendingRows = await metric('fastpaca_archive_pending_rows');
  } finally {
    await running.stop();
  }
}
