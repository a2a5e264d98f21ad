import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadForCount } from '../../load/closed-loop.ts';
import { processUsage } from '../../report/process-usage.ts';
import type { ClusterSystem, RunningCluster } from '../../systems/cluster-system.ts';
import { seededRandom } from '../../workload/random.ts';
import { englishText } from '../../workload/text.ts';
import type { ClusterShape } from './shape.ts';

export interface RestartResult {
  readonly system: string;
  readonly messages: number;
  readonly fillSeconds: number;
  /** One node, after kill -9 and a few seconds, while the others serve. */
  readonly nodeReadyMs: number;
  /** All three after a clean stop: until the last one is ready. */
  readonly clusterReadyMs: number;
  /** Share of a core that one node uses with nobody calling; undefined where the platform does not tell. */
  readonly idleCore: number | undefined;
}

const fillInFlight = 4;
const fillAttempts = 20;
const downSeconds = 2;

/** Fills a cluster, looks at it at rest, and starts it again: one node of it, then all. */
export async function measureRestart(
  system: ClusterSystem,
  shape: ClusterShape,
  idleSeconds: number,
): Promise<RestartResult> {
  await system.dispose();
  const running = await system.start();
  let fillSeconds: number;
  let nodeReadyMs: number;
  let idleCore: number | undefined;
  try {
    await running.prepare(shape.contexts);
    fillSeconds = await fill(running, shape);
    await sleep(idleSeconds * 1_000);
    idleCore = await idle(running, idleSeconds);
    const [first] = running.nodes;
    if (first === undefined) throw new Error('a cluster has nodes');
    await first.kill();
    await sleep(downSeconds * 1_000);
    nodeReadyMs = await first.restart();
  } finally {
    await running.stop();
  }
  const again = await system.start();
  await again.stop();
  return {
    system: system.name,
    messages: shape.startMessages,
    fillSeconds,
    nodeReadyMs,
    clusterReadyMs: again.formedAfterMs,
    idleCore,
  };
}

async function fill(running: RunningCluster, shape: ClusterShape): Promise<number> {
  const { requests } = running;
  const random = seededRandom(shape.seed);
  const size = Math.min(requests.batchSize, shape.startMessages);
  const texts = Array.from({ length: size }, () => englishText(random, shape.messageBytes));
  let batch = 0;
  const from = performance.now();
  let left = Math.ceil(shape.startMessages / size);
  // Where a leader changes meanwhile, a batch may be refused, or its outcome unknown: another one takes its place.
  for (let attempt = 0; left > 0; attempt += 1) {
    const filled = await loadForCount({
      connect: (index, onFailure) => running.connect(index % running.nodes.length, onFailure),
      inFlight: Math.min(fillInFlight, left),
      count: left,
      next: () => {
        const sequence = Math.floor(batch / shape.contexts) * size;
        return requests.batch(batch++ % shape.contexts, sequence, texts);
      },
    });
    left -= filled.requests;
    if (attempt >= fillAttempts) throw new Error(`filling failed: ${filled.firstError ?? ''}`);
  }
  return (performance.now() - from) / 1_000;
}

/** The mean over the nodes. */
async function idle(running: RunningCluster, seconds: number): Promise<number | undefined> {
  const pids = running.nodes.map(({ pid }) => pid);
  const before = processUsage(pids);
  const from = performance.now();
  await sleep(seconds * 1_000);
  const after = processUsage(pids);
  if (before === undefined || after === undefined) return undefined;
  const wall = (performance.now() - from) / 1_000;
  return (after.cpuSeconds - before.cpuSeconds) / wall / pids.length;
}
