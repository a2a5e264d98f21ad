import { performance } from 'node:perf_hooks';
import { Session } from 'node:inspector/promises';
import { crc32 } from 'node:zlib';
import { Archiver, PostgresArchive, type ArchiveRow } from '@fastpaca/archiver';
import type { CpuProfile } from '../report/cpu-profiler.ts';
import { SyntheticSource, type SourceShape } from './synthetic-source.ts';

// One catch-up in a process of its own, so that its memory is that of the archiver:
// node src/archive/run.ts '{"messages": …}'. Prints ArchiveRun as JSON.

export interface ArchiveRunOptions extends SourceShape {
  readonly connectionString: string;
  readonly profile: boolean;
}

export interface ArchiveRun {
  readonly rows: number;
  readonly seconds: number;
  readonly readBackSeconds: number;
  /** Of every message as it was made, and as it was read back. */
  readonly checksums: readonly [number, number];
  readonly cpuSeconds: number;
  /** Resident memory when it began, and the most at the end of a write. */
  readonly startMiB: number;
  readonly mostMiB: number;
  readonly profile: CpuProfile | null;
}

const PAGE_BYTES = 4 * 1024 * 1024;

const rssMiB = (): number => process.memoryUsage.rss() / 2 ** 20;

/** The sum does not depend on the order. */
const added = (sum: number, { seq, body }: ArchiveRow): number => sum + crc32(body, seq);

async function readBack(archive: PostgresArchive, source: SyntheticSource): Promise<number> {
  let checksum = 0;
  for (const { contextId, life, lastSeq } of source.all()) {
    for (let fromSeq = 1; fromSeq <= lastSeq;) {
      const rows = await archive.read({ contextId, life }, { fromSeq, toSeq: lastSeq, maxBytes: PAGE_BYTES });
      if (rows.length === 0) throw new Error(`${contextId} has no message ${String(fromSeq)}`);
      checksum = rows.reduce(added, checksum);
      fromSeq += rows.length;
    }
  }
  return checksum;
}

async function measure(options: ArchiveRunOptions): Promise<ArchiveRun> {
  const source = new SyntheticSource(options);
  const adapter = new PostgresArchive({ connectionString: options.connectionString });
  await adapter.migrate();
  const startMiB = rssMiB();
  let mostMiB = startMiB;
  let rows = 0;
  const observer = {
    onWritten: (batch: { readonly rows: number }): void => {
      rows += batch.rows;
      mostMiB = Math.max(mostMiB, rssMiB());
    },
  };
  const profiler = options.profile ? new Session() : null;
  if (profiler !== null) {
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.start');
  }
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  await new Archiver({ source, adapter, observer }).flushNow();
  const ended = performance.now();
  const cpu = process.cpuUsage(cpuBefore);
  const profile = profiler === null ? null : (await profiler.post('Profiler.stop')).profile;
  const found = await readBack(adapter, source);
  const readBackSeconds = (performance.now() - ended) / 1_000;
  await adapter.close();
  let made = 0;
  for (const row of source.rows()) made = added(made, row);
  return {
    rows,
    seconds: (ended - begun) / 1_000,
    readBackSeconds,
    checksums: [made, found],
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    startMiB,
    mostMiB,
    profile: profile as CpuProfile | null,
  };
}

const options = JSON.parse(process.argv[2] ?? '{}') as ArchiveRunOptions;
process.stdout.write(JSON.stringify(await measure(options)));
