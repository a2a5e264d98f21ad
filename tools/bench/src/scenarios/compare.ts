import { loadForCount, loadForTime, overHttp } from '../load/closed-loop.ts';
import { Measurement } from '../load/measurement.ts';
import type { BenchOptions, LoadScenario } from '../options.ts';
import { CpuProfiler, type CpuProfile } from '../report/cpu-profiler.ts';
import { processUsage, threadCpuSeconds } from '../report/process-usage.ts';
import type { RunningSystem, System } from '../systems/system.ts';
import {
  contextId,
  cycle,
  encodeAppends,
  encodeReads,
  interleave,
  type EncodedRequest,
} from '../workload/requests.ts';

/** What one system has shown in one scenario, over all rounds. */
export interface ScenarioResult {
  readonly scenario: LoadScenario;
  readonly system: string;
  readonly total: Measurement;
  /** Requests per second of each round. */
  readonly perRound: number[];
  cpuSeconds: number;
  /** Largest seen at the end of a round; undefined where the platform does not tell. */
  memoryMiB: number | undefined;
  /** Of the last round, where the system runs with an inspector. */
  profile?: ServerProfile;
}

export interface ServerProfile {
  readonly mainThread: CpuProfile;
  /** CPU seconds by kind of thread while the load was measured. */
  readonly threads: ReadonlyMap<string, number>;
}

/** Before windows are read, each context holds at least this many messages. */
const MESSAGES_BEFORE_READS = 100;

/**
 * Runs the systems in turn, round after round (A B A B), so that noise on the machine hits both. Only
 * one is up at a time; each start is a fresh process over the data that the round before has left.
 */
export async function compare(
  systems: readonly System[],
  scenarios: readonly LoadScenario[],
  options: BenchOptions,
  log: (line: string) => void,
): Promise<ScenarioResult[]> {
  const requests = encodeScenarios(options);
  const results = new Map<string, ScenarioResult>();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const system of systems) {
      const running = await system.start();
      try {
        await createContexts(running.port, options.contexts);
        if (round === 1 && !scenarios.includes('appends')) {
          await fillContexts(running, requests.appends, options);
        }
        for (const scenario of scenarios) {
          const result = resultOf(results, scenario, system.name);
          await runScenario(running, requests[scenario], options, result);
          const rate = Math.round(result.perRound.at(-1) ?? 0).toLocaleString('en');
          log(`round ${String(round)}/${String(options.rounds)}  ${scenario}  ${system.name}: ${rate}/s`);
        }
      } finally {
        await running.stop();
      }
    }
  }
  return [...results.values()];
}

function encodeScenarios(options: BenchOptions): Record<LoadScenario, EncodedRequest[]> {
  const appends = encodeAppends(options);
  const reads = encodeReads(options);
  return { appends, reads, mix: interleave(appends, reads) };
}

async function runScenario(
  running: RunningSystem,
  requests: readonly EncodedRequest[],
  options: BenchOptions,
  result: ScenarioResult,
): Promise<void> {
  let cpuAtBegin = 0;
  const profiling = running.inspectorPort === undefined ? undefined : new Profiling(running);
  const measurement = await loadForTime({
    connect: overHttp([running.port]),
    inFlight: options.inFlight,
    next: cycle(requests),
    warmUpSeconds: options.warmUpSeconds,
    seconds: options.seconds,
    onPhase: async (phase) => {
      if (phase === 'begin') await profiling?.begin();
      const usage = processUsage(running.processIds);
      if (phase === 'begin') cpuAtBegin = usage?.cpuSeconds ?? 0;
      else {
        if (usage !== undefined) {
          result.cpuSeconds += usage.cpuSeconds - cpuAtBegin;
          result.memoryMiB = Math.max(result.memoryMiB ?? 0, usage.memoryMiB);
        }
        if (profiling !== undefined) result.profile = await profiling.end();
      }
    },
  });
  result.total.add(measurement);
  result.perRound.push(measurement.throughput);
}

/** The profile of a server between two moments. */
class Profiling {
  readonly #running: RunningSystem;
  #profiler: CpuProfiler | undefined;
  #threads = new Map<string, number>();

  constructor(running: RunningSystem) {
    this.#running = running;
  }

  async begin(): Promise<void> {
    this.#profiler = await CpuProfiler.attach(this.#running.inspectorPort ?? 0);
    await this.#profiler.start();
    this.#threads = this.#threadCpu();
  }

  async end(): Promise<ServerProfile> {
    const threads = this.#threadCpu();
    for (const [name, seconds] of threads) threads.set(name, seconds - (this.#threads.get(name) ?? 0));
    if (this.#profiler === undefined) throw new Error('end() needs begin() first');
    return { mainThread: await this.#profiler.stop(), threads };
  }

  #threadCpu(): Map<string, number> {
    return threadCpuSeconds(this.#running.processIds[0] ?? 0);
  }
}

function resultOf(
  results: Map<string, ScenarioResult>,
  scenario: LoadScenario,
  system: string,
): ScenarioResult {
  const key = `${scenario} ${system}`;
  const known = results.get(key);
  if (known !== undefined) return known;
  const fresh: ScenarioResult = {
    scenario,
    system,
    total: new Measurement(),
    perRound: [],
    cpuSeconds: 0,
    memoryMiB: undefined,
  };
  results.set(key, fresh);
  return fresh;
}

export async function createContexts(port: number, contexts: number): Promise<void> {
  for (let index = 0; index < contexts; index += 1) {
    const response = await fetch(`http://127.0.0.1:${String(port)}/v1/contexts/${contextId(index)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    if (!response.ok) {
      throw new Error(`creating a context failed with ${String(response.status)}: ${await response.text()}`);
    }
    await response.arrayBuffer();
  }
}

async function fillContexts(
  running: RunningSystem,
  appends: readonly EncodedRequest[],
  options: BenchOptions,
): Promise<void> {
  const filled = await loadForCount({
    connect: overHttp([running.port]),
    inFlight: options.inFlight,
    next: cycle(appends),
    count: options.contexts * MESSAGES_BEFORE_READS,
  });
  if (filled.errorCount > 0) throw new Error(`filling the contexts failed: ${filled.firstError ?? ''}`);
}
