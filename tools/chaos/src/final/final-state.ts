import { setTimeout as delay } from 'node:timers/promises';
import type { ContextCopy } from '../check/replica-checks.ts';
import { textOf } from '../workload/readings.ts';
import { contextPath, send } from '../workload/api.ts';
import type { Target } from '../workload/nodes-in-view.ts';

/** A context at the end, as every node gives it. */
export interface FinalContext {
  readonly copies: readonly ContextCopy[];
  readonly seqs: readonly number[];
  readonly texts: readonly string[];
  readonly lastSeq: number;
}

/**
 * Reads a context from every node.
 * @throws Error where a node does not answer in time
 */
export async function readFinalContext(
  context: string,
  targets: readonly Target[],
  deadlineMs: number,
): Promise<FinalContext> {
  const path = contextPath(context);
  const until = performance.now() + deadlineMs;
  const copies: ContextCopy[] = [];
  for (const { name, url } of targets) {
    const get = (rest: string, headers = {}): Promise<string> =>
      read(name, url, `${path}${rest}`, headers, until);
    copies.push({
      node: name,
      record: await get(''),
      log: await get('/messages', { accept: 'application/x-ndjson' }),
      window: await get('/context'),
    });
  }
  const [first] = copies;
  const lines = (first?.log ?? '').split('\n').filter((line) => line !== '');
  const messages = lines.map((line) => JSON.parse(line) as Parameters<typeof textOf>[0] & { seq: number });
  const record = JSON.parse(first?.record ?? '{}') as { last_seq?: number };
  return {
    copies,
    seqs: messages.map(({ seq }) => seq),
    texts: messages.map(textOf),
    lastSeq: record.last_seq ?? -1,
  };
}

async function read(
  name: string,
  url: string,
  path: string,
  headers: Record<string, string>,
  until: number,
): Promise<string> {
  let last: string;
  do {
    const answer = await send(url, { method: 'GET', path, headers }, 30_000);
    if (answer.kind === 'answer' && answer.status === 200) return answer.body;
    last = answer.kind === 'answer' ? `${answer.status} ${answer.body.slice(0, 200)}` : answer.why;
    await delay(100);
  } while (performance.now() < until);
  throw new Error(`${name} does not answer GET ${path}: ${last}`);
}
