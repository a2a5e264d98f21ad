import { join } from 'node:path';
import { loadForTime, overHttp } from '../load/closed-loop.ts';
import { Measurement } from '../load/measurement.ts';
import type { BenchOptions } from '../options.ts';
import { processUsage } from '../report/process-usage.ts';
import { ContextStoreSystem } from '../systems/context-store.ts';
import { LocalPostgres } from '../systems/local-postgres.ts';
import { readMetric } from '../systems/metric.ts';
import { cycle, encodeAppends } from '../workload/requests.ts';
import { createContexts } from './compare.ts';

/** Appends to one node, over all rounds, without the archiver or beside it. */
export interface AppendsResult {
  readonly archiving: boolean;
  readonly total: Measurement;
  /** CPU seconds of the node, and of Postgres. */
  serverCpuSeconds: number;
  postgresCpuSeconds: number;
  archivedRows: number;
  /** Rows that were still to be archived at the end of the last round. */
  pendingRows: number;
}

/**
 * The same node in turn without the archiver and with it (A B A B), over one data directory: what is appended
 * without it is a backlog for the next turn, so that the archive is busy all the time.
 */
export async function measureAppendsBesideArchive(
  directory: string,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<AppendsResult[]> {
  const postgres = new LocalPostgres(join(directory, 'appends-postgres'));
  await postgres.start();
  try {
    const env = { DATABASE_URL: await postgres.database('appends') };
    const results = [emptyResult(false), emptyResult(true)];
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const result of results) {
        const system = new ContextStoreSystem(join(directory, 'appends'), {
          inspected: false,
          env: { ...env, FASTPACA_ARCHIVER_ENABLED: String(result.archiving) },
        });
        await runTurn(system, await postgres.processId(), options, result);
        log(`round ${String(round)}/${String(options.rounds)}  appends ${titleOf(result)}`);
      }
    }
    return results;
  } finally {
    await postgres.dispose();
  }
}

export const titleOf = ({ archiving }: AppendsResult): string =>
  archiving ? 'beside the archiver' : 'without the archiver';

const emptyResult = (archiving: boolean): AppendsResult => ({
  archiving,
  total: new Measurement(),
  serverCpuSeconds: 0,
  postgresCpuSeconds: 0,
  archivedRows: 0,
  pendingRows: 0,
});

async function runTurn(
  system: ContextStoreSystem,
  postgresPid: number,
  options: BenchOptions,
  result: AppendsResult,
): Promise<void> {
  const running = await system.start();
  const metric = (name: string): Promise<number> =>
    result.archiving ? readMetric(running.port, name) : Promise.resolve(0);
  const sample = async (sign: 1 | -1): Promise<void> => {
    result.serverCpuSeconds += sign * (processUsage(running.processIds)?.cpuSeconds ?? 0);
    result.postgresCpuSeconds += sign * (processUsage([postgresPid])?.cpuSeconds ?? 0);
    result.archivedRows += sign * (await metric('fastpaca_archive_inserted_total'));
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
