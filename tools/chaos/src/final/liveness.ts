import { setTimeout as delay } from 'node:timers/promises';
import type { Action } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import type { TestCluster } from '../node/test-cluster.ts';
import { contextPath, send } from '../workload/api.ts';
import type { Target } from '../workload/nodes-in-view.ts';
import { concludeWrite } from '../workload/outcomes.ts';
import type { Workload } from '../workload/workload.ts';

const writeDeadlineMs = 10_000;
const settleDeadlineMs = 120_000;

/** Once faults have stopped every node must become ready; returns whether all did. */
export async function untilAllReady(
  cluster: TestCluster,
  members: readonly number[],
  deadlineMs: number,
  recorder: Recorder,
  say: (line: string) => void,
): Promise<boolean> {
  const from = performance.now();
  const ready = members.map(async (index) => {
    try {
      await cluster.node(index).process.untilReady(deadlineMs);
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      recorder.broken({ check: 'ready after the faults', message });
      return false;
    }
  });
  const all = (await Promise.all(ready)).every(Boolean);
  if (all) say(`all nodes ready ${Math.round(performance.now() - from)} ms after the last fault`);
  return all;
}

/** And every group has the replicas that it should have, where it should have them. */
export async function untilSettled(
  target: Target | undefined,
  recorder: Recorder,
  say: (line: string) => void,
): Promise<void> {
  const from = performance.now();
  let last = 'no node';
  while (target !== undefined && performance.now() - from < settleDeadlineMs) {
    const answer = await send(target.url, { method: 'GET', path: '/v1/cluster' });
    last = answer.kind === 'answer' ? `${answer.status} ${answer.body.slice(0, 2_000)}` : answer.why;
    if (answer.kind === 'answer' && answer.status === 200 && isSettled(answer.body)) {
      say(`every group has its replicas ${Math.round(performance.now() - from)} ms later`);
      return;
    }
    await delay(200);
  }
  const message = `groups had not their replicas ${settleDeadlineMs / 1_000} s after the faults: ${last}`;
  recorder.broken({ check: 'placement settles', message });
}

function isSettled(body: string): boolean {
  const { groups } = JSON.parse(body) as { groups: Record<string, number> };
  return groups['moving'] === 0 && groups['under_replicated'] === 0 && groups['without_leader'] === 0;
}

/** And every context takes a write on every node. */
export async function untilWritesSucceed(
  workload: Workload,
  targets: readonly Target[],
  recorder: Recorder,
  say: (line: string) => void,
): Promise<void> {
  const from = performance.now();
  const writes = targets.flatMap((target) =>
    workload.contexts.filter(({ deleted }) => !deleted).map(({ id }) => writeOnce(id, target, recorder)),
  );
  await Promise.all(writes);
  say(`${writes.length} writes, each context on each node, in ${Math.round(performance.now() - from)} ms`);
}

async function writeOnce(context: string, { name, url }: Target, recorder: Recorder): Promise<void> {
  const text = `end.${name}.${context}`;
  // All of them at once, so each is a client of its own.
  const client = `end at ${name}`;
  const action: Action = { kind: 'append', texts: [text], keyed: true, ifVersion: null };
  const body = { message: { role: 'user', parts: [{ type: 'text', text }], id: text } };
  const invokedAt = recorder.now();
  const until = performance.now() + writeDeadlineMs;
  let conclusion;
  do {
    const answer = await send(url, { method: 'POST', path: `${contextPath(context)}/messages`, body });
    conclusion = concludeWrite(action, answer);
  } while (conclusion.kind !== 'appended' && performance.now() < until);
  if (conclusion.kind === 'appended') {
    recorder.record(client, context, invokedAt, { action, outcome: conclusion });
    return;
  }
  const why = 'why' in conclusion ? conclusion.why : conclusion.kind;
  recorder.broken({
    check: 'writes after the faults',
    context,
    message: `${name} took no write in ${writeDeadlineMs / 1_000} s: ${why}`,
  });
  recorder.record(client, context, invokedAt, { action, outcome: { kind: 'unknown', why } });
}
