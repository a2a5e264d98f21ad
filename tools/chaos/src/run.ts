import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDisks } from './disk/open-disks.ts';
import { judge } from './final/judge.ts';
import { untilAllReady, untilSettled, untilWritesSucceed } from './final/liveness.ts';
import { OwnStalls } from './history/own-stalls.ts';
import { Recorder } from './history/recorder.ts';
import type { Violation } from './history/operation.ts';
import { Nemesis } from './nemesis/nemesis.ts';
import { planSteps } from './nemesis/plan.ts';
import { Replacement } from './nemesis/replacement.ts';
import { openNetwork } from './network/open-network.ts';
import { TestCluster } from './node/test-cluster.ts';
import type { ChaosOptions } from './options.ts';
import { closeConnections } from './workload/api.ts';
import type { Target } from './workload/nodes-in-view.ts';
import { Workload } from './workload/workload.ts';

const formDeadlineMs = 60_000;
const progressMs = 10_000;
const shownPerCheck = 5;

/** One run from the first start to the last check. Returns whether every promise was kept. */
export async function runChaos(
  options: ChaosOptions,
  say: (line: string) => void,
  interrupted: AbortSignal,
): Promise<boolean> {
  const root = mkdtempSync(path.join(options.directory ?? tmpdir(), 'fastpaca-chaos-'));
  say(`seed ${options.seed}, ${options.nodes} nodes, ${options.minutes} minutes; logs and data in ${root}`);
  const spare = options.nodes >= 3 ? 1 : 0;
  const network = await openNetwork(options.nodes + spare, options.network);
  say(`network: ${network.description}`);
  const disks = openDisks(root, options.nodes + spare, options.disks);
  say(`disks: ${disks.description}`);
  const recorder = new Recorder();
  let kept = false;
  try {
    const cluster = new TestCluster({
      root,
      size: options.nodes,
      network,
      disks,
      onEnd: (node, ending) => nemesis.ended(node.index, ending),
    });
    const broken = (violation: Violation): void => {
      say(`BROKEN ${violation.check}: ${violation.message}`);
      recorder.broken(violation);
    };
    const replacement = new Replacement(cluster, say, broken);
    const nemesis = new Nemesis({ cluster, replacement, now: () => recorder.now(), say, broken });
    try {
      await runCluster({ options, say, interrupted, recorder, cluster, replacement, nemesis });
    } finally {
      await cluster.killAll();
    }
    kept = report(recorder, say);
  } finally {
    await closeConnections();
    await network.close();
    disks.close();
    if (kept && !options.keep) rmSync(root, { recursive: true, force: true });
    else say(`logs are in ${root}`);
  }
  say(`again: ${options.command}`);
  return kept;
}

/** The parts of a run. */
interface Run {
  readonly options: ChaosOptions;
  readonly say: (line: string) => void;
  readonly interrupted: AbortSignal;
  readonly recorder: Recorder;
  readonly cluster: TestCluster;
  readonly replacement: Replacement;
  readonly nemesis: Nemesis;
}

async function runCluster(run: Run): Promise<void> {
  const { options, say, recorder, cluster, replacement, nemesis } = run;
  const own = new OwnStalls();
  const started = performance.now();
  for (let index = 0; index < cluster.size; index += 1) cluster.start(index);
  for (let index = 0; index < cluster.size; index += 1) {
    await cluster.node(index).process.untilReady(formDeadlineMs);
  }
  say(`${cluster.size} nodes were ready after ${Math.round(performance.now() - started)} ms`);
  const targets = (): Target[] => replacement.members().map((index) => cluster.node(index).process);
  const workload = new Workload({ ...options, targets, recorder });
  await workload.createContexts(formDeadlineMs);
  workload.start();
  await underFaults(run, workload);
  await heal(run);
  const alive = await untilAllReady(
    cluster,
    replacement.members(),
    options.readySeconds * 1_000,
    recorder,
    say,
  );
  await workload.stop();
  own.stop();
  if (own.stalls.length > 0)
    say(`this process itself stood still ${own.stalls.length} times for more than a second`);
  if (alive) {
    if (cluster.nodes.length > 1) await untilSettled(targets()[0], recorder, say);
    await untilWritesSucceed(workload, targets(), recorder, say);
  }
  await judge({
    workload,
    recorder,
    excuses: [...nemesis.excuses, ...own.excuses(cluster.nodes.map(({ process }) => process.name))],
    targets: targets(),
    cluster,
    members: replacement.members(),
    say,
  });
}

async function underFaults(run: Run, workload: Workload): Promise<void> {
  const { options, say, interrupted, recorder, cluster, nemesis } = run;
  const { network, disks, nodes } = cluster;
  const totalMs = options.minutes * 60_000;
  const steps = planSteps(options.seed, totalMs, {
    nodes: cluster.size,
    slownesses: network.slownesses,
    canFill: disks.canFill,
    canSlowDisks: disks.canSlow,
    canReplace: nodes.length > cluster.size,
    only: options.faults,
  });
  const over = AbortSignal.any([interrupted, AbortSignal.timeout(totalMs)]);
  over.addEventListener('abort', () => nemesis.stop());
  let before = 0;
  const progress = setInterval(() => {
    const { ok, refused, failed, unknown } = recorder.counts;
    const done = recorder.operations.length;
    const rate = Math.round((done - before) / (progressMs / 1_000));
    before = done;
    say(`  ${rate} operations/s; so far ${ok} ok, ${refused} refused, ${failed} failed, ${unknown} unknown`);
  }, progressMs);
  try {
    await Promise.race([nemesis.run(steps), workload.crashed()]);
    if (!over.aborted)
      await delay(Math.max(0, totalMs - recorder.sinceStart()), undefined, { signal: over }).catch(
        () => undefined,
      );
  } finally {
    clearInterval(progress);
  }
}

/** Everything as it should be, whatever the last step left. */
function heal({ cluster, replacement, say }: Run): Promise<void> {
  say('all faults healed');
  cluster.network.heal();
  for (const { index, process } of cluster.nodes) {
    process.resume();
    if (cluster.disks.canFill) cluster.disks.free(index);
    if (replacement.members().includes(index)) cluster.start(index);
  }
  return Promise.resolve();
}

function report(recorder: Recorder, say: (line: string) => void): boolean {
  const { ok, refused, failed, unknown } = recorder.counts;
  const total = recorder.operations.length;
  say(
    `${total} operations: ${ok} ok, ${refused} refused by if_version or a tombstone, ${failed} failed, ${unknown} unknown`,
  );
  for (const [check, violations] of Map.groupBy(recorder.violations, (violation) => violation.check)) {
    for (const { context, message } of violations.slice(0, shownPerCheck)) {
      say(`BROKEN ${check}${context === undefined ? '' : ` in ${context}`}: ${message}`);
    }
    const more = violations.length - shownPerCheck;
    if (more > 0) say(`BROKEN ${check}: and ${more} more`);
  }
  const { length } = recorder.violations;
  say(length === 0 ? 'clean: every promise was kept' : `${length} broken promises`);
  return length === 0;
}
