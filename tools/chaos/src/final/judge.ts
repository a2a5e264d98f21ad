import { checkLinearizable } from '../check/linearizable.ts';
import { checkLog, checkObserved, checkSequence } from '../check/log-checks.ts';
import { checkCopies, checkDigests, type GroupDigest } from '../check/replica-checks.ts';
import { checkSilences, type Excuse } from '../check/silence-checks.ts';
import { checkVersions } from '../check/version-checks.ts';
import type { Operation, Violation } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import type { TestCluster } from '../node/test-cluster.ts';
import type { WorkContext } from '../workload/contexts.ts';
import type { Target } from '../workload/nodes-in-view.ts';
import type { Workload } from '../workload/workload.ts';
import { readFinalContext } from './final-state.ts';
import { stateDigests } from './state-digests.ts';

const readDeadlineMs = 30_000;
const streamDeadlineMs = 30_000;

export interface Evidence {
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly excuses: readonly Excuse[];
  readonly targets: readonly Target[];
  readonly cluster: TestCluster;
  /** Indexes of the nodes that the cluster consists of. */
  readonly members: readonly number[];
  readonly say: (line: string) => void;
}

/** Holds the cluster to everything that clients were told. Stops the nodes. */
export async function judge(evidence: Evidence): Promise<void> {
  const { workload, recorder, excuses, say } = evidence;
  const broken = (violations: readonly Violation[]): void =>
    violations.forEach((each) => recorder.broken(each));
  const byContext = Map.groupBy(recorder.operations, ({ context }) => context);
  let messages = 0;
  for (const context of workload.contexts) {
    messages += await judgeContext(evidence, context, byContext.get(context.id) ?? [], broken);
  }
  say(
    `${messages} messages in ${workload.contexts.length} contexts read from every node; ${recorder.windows.size} windows compared`,
  );
  for (const id of workload.eraser.erased) await workload.eraser.check(id);
  say(`${workload.eraser.erased.length} erased contexts are looked for on every node`);
  broken(checkVersions(recorder.operations));
  broken(checkSilences(recorder.silences, excuses));
  await workload.stopFollowers();
  broken(await judgeDirectories(evidence));
}

async function judgeContext(
  { workload, recorder, targets }: Evidence,
  { id, cuts }: WorkContext,
  operations: readonly Operation[],
  broken: (violations: readonly Violation[]) => void,
): Promise<number> {
  const final = await readFinalContext(id, targets, readDeadlineMs).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    broken([{ check: 'reads after the faults', context: id, message }]);
    return null;
  });
  if (final === null) return 0;
  const { copies, seqs, texts, lastSeq } = final;
  broken(checkCopies(id, copies));
  broken(checkSequence(id, seqs, lastSeq));
  broken(checkLog(id, operations, texts));
  broken(checkObserved(id, recorder.messages.of(id), texts));
  broken(checkLinearizable(id, operations, texts, { cuts }));
  broken(await workload.endOfStream(id, texts, streamDeadlineMs));
  return texts.length;
}

/** After a clean stop: the groups' states in the data directories, byte by byte. */
async function judgeDirectories({ cluster, members, say }: Evidence): Promise<Violation[]> {
  if (!(await cluster.stopAll())) {
    return [{ check: 'clean stop', message: 'a node did not end by itself with 0 after SIGTERM' }];
  }
  const digests: GroupDigest[] = [];
  for (const index of members) {
    const { name } = cluster.node(index).process;
    digests.push(...(await stateDigests(name, cluster.disks.directory(index))));
  }
  const groups = new Set(digests.map(({ group }) => group)).size;
  say(`${groups} groups compared byte by byte, over ${digests.length} replicas`);
  return checkDigests(digests, Math.min(3, members.length));
}
