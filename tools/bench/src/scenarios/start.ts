import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { loadForCount, overHttp } from '../load/closed-loop.ts';
import { processUsage } from '../report/process-usage.ts';
import { ContextStoreSystem, type RunningContextStore } from '../systems/context-store.ts';
import { contextId, encodeRequest, type EncodedRequest } from '../workload/requests.ts';
import { seededRandom } from '../workload/random.ts';
import { englishText } from '../workload/text.ts';

export interface StartResult {
  readonly messages: number;
  readonly fillSeconds: number;
  /** From the start of the process to the first 200 of /health/ready, in milliseconds. */
  readonly afterStopMs: number;
  readonly afterKillMs: number;
  /** Memory when ready, and after one window of each context was read. */
  readonly readyMiB: number | undefined;
  readonly afterReadsMiB: number | undefined;
}

const BATCH = 1_000;
const FILL_IN_FLIGHT = 4;

/** Fills a fresh data directory and measures how a start over it goes. */
export async function measureStart(
  directory: string,
  messages: number,
  shape: { contexts: number; messageBytes: number; seed: number },
  log: (line: string) => void,
): Promise<StartResult> {
  const system = new ContextStoreSystem(join(directory, `start-${String(messages)}`));
  try {
    const fillSeconds = await fill(system, messages, shape);
    log(`filled ${messages.toLocaleString('en')} messages in ${fillSeconds.toFixed(1)} s`);
    const stopped = await system.start();
    const readyMiB = processUsage(stopped.processIds)?.memoryMiB;
    await readEveryWindow(stopped, Math.min(shape.contexts, Math.ceil(messages / BATCH)));
    const afterReadsMiB = processUsage(stopped.processIds)?.memoryMiB;
    await stopped.kill();
    const killed = await system.start();
    await killed.stop();
    return {
      messages,
      fillSeconds,
      afterStopMs: stopped.readyAfterMs,
      afterKillMs: killed.readyAfterMs,
      readyMiB,
      afterReadsMiB,
    };
  } finally {
    await system.dispose();
  }
}

async function fill(
  system: ContextStoreSystem,
  messages: number,
  shape: { contexts: number; messageBytes: number; seed: number },
): Promise<number> {
  const running = await system.start();
  try {
    const from = performance.now();
    const batches = Math.ceil(messages / BATCH);
    for (let index = 0; index < Math.min(batches, shape.contexts); index += 1) {
      await fetch(`http://127.0.0.1:${String(running.port)}/v1/contexts/${contextId(index)}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      }).then((response) => response.arrayBuffer());
    }
    const filled = await loadForCount({
      connect: overHttp([running.port]),
      inFlight: Math.min(FILL_IN_FLIGHT, batches),
      next: batchRequests(shape),
      count: batches,
    });
    if (filled.errorCount > 0) throw new Error(`filling failed: ${filled.firstError ?? ''}`);
    return (performance.now() - from) / 1_000;
  } finally {
    await running.stop();
  }
}

/**
 * Batches for one context after the other. The token counts are given, so that filling does not wait for
 * the tokenizer; the texts of a batch repeat in every batch.
 */
function batchRequests(shape: {
  contexts: number;
  messageBytes: number;
  seed: number;
}): () => EncodedRequest {
  const random = seededRandom(shape.seed);
  const messages = Array.from({ length: BATCH }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    parts: [{ type: 'text', text: englishText(random, shape.messageBytes) }],
    token_count: 55,
  }));
  const body = JSON.stringify({ messages });
  let next = 0;
  return () => {
    const path = `/v1/contexts/${contextId(next % shape.contexts)}/messages`;
    next += 1;
    return { kind: 'append', bytes: encodeRequest('POST', path, body) };
  };
}

async function readEveryWindow(running: RunningContextStore, contexts: number): Promise<void> {
  for (let index = 0; index < contexts; index += 1) {
    const url = `http://127.0.0.1:${String(running.port)}/v1/contexts/${contextId(index)}/context`;
    const response = await fetch(url);
    const text = await response.text();
    if (!response.ok) throw new Error(`reading a window failed with ${String(response.status)}: ${text}`);
  }
}
