import { loadForTime } from '../../load/closed-loop.ts';
import { Measurement } from '../../load/measurement.ts';
import { processUsage } from '../../report/process-usage.ts';
import type { ClusterSystem, RunningCluster } from '../../systems/cluster-system.ts';
import { cycle, type EncodedRequest } from '../../workload/requests.ts';
import { seededRandom } from '../../workload/random.ts';
import { englishText } from '../../workload/text.ts';
import type { ClusterShape } from './shape.ts';

export interface ThroughputResult {
  readonly system: string;
  readonly total: Measurement;
  readonly perRound: number[];
  /** Of each start over an empty directory. */
  readonly formedAfterMs: number[];
  cpuSeconds: number;
  memoryMiB: number | undefined;
}

const textsPerContext = 96;

/** Appends to every node in turn, the systems one after the other, round after round. */
export async function measureThroughput(
  systems: readonly ClusterSystem[],
  shape: ClusterShape,
  log: (line: string) => void,
): Promise<ThroughputResult[]> {
  const results = systems.map(({ name }): ThroughputResult => ({
    system: name,
    total: new Measurement(),
    perRound: [],
    formedAfterMs: [],
    cpuSeconds: 0,
    memoryMiB: undefined,
  }));
  for (let round = 1; round <= shape.rounds; round += 1) {
    for (const [index, system] of systems.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      await system.dispose();
      const running = await system.start();
      try {
        result.formedAfterMs.push(running.formedAfterMs);
        await running.prepare(shape.contexts);
        await load(running, shape, result);
      } finally {
        await running.stop();
      }
      const rate = Math.round(result.perRound.at(-1) ?? 0).toLocaleString('en');
      log(`round ${String(round)}/${String(shape.rounds)}  ${system.name}: ${rate} appends/s`);
    }
  }
  return results;
}

async function load(running: RunningCluster, shape: ClusterShape, result: ThroughputResult): Promise<void> {
  const pids = running.nodes.map(({ pid }) => pid);
  let cpuAtBegin = 0;
  const measurement = await loadForTime({
    connect: (index, onFailure) => running.connect(index % running.nodes.length, onFailure),
    inFlight: shape.inFlight,
    next: cycle(encodeAppends(running, shape)),
    warmUpSeconds: shape.warmUpSeconds,
    seconds: shape.seconds,
    onPhase: (phase) => {
      const usage = processUsage(pids);
      if (usage === undefined) return;
      if (phase === 'begin') cpuAtBegin = usage.cpuSeconds;
      else {
        result.cpuSeconds += usage.cpuSeconds - cpuAtBegin;
        result.memoryMiB = Math.max(result.memoryMiB ?? 0, usage.memoryMiB);
      }
    },
  });
  result.total.add(measurement);
  result.perRound.push(measurement.throughput);
}

/** Round-robin over the contexts; encoded in advance, the client must not spend the cores that it measures. */
function encodeAppends({ requests }: RunningCluster, shape: ClusterShape): EncodedRequest[] {
  const random = seededRandom(shape.seed);
  return Array.from({ length: shape.contexts * textsPerContext }, (_, index) => {
    const sequence = Math.floor(index / shape.contexts);
    return requests.append(index % shape.contexts, sequence, englishText(random, shape.messageBytes));
  });
}
