import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadConnection } from '../../load/connection.ts';
import type { ClusterSystem, RunningCluster } from '../../systems/cluster-system.ts';
import { englishText } from '../../workload/text.ts';
import { seededRandom } from '../../workload/random.ts';
import type { ClusterShape } from './shape.ts';

export interface OutageResult {
  readonly system: string;
  readonly fault: 'kill -9' | 'SIGSTOP';
  /** For each context and fault, the longest time between two acknowledged appends, in milliseconds. */
  readonly longestGaps: number[];
  /** How many of them are longer than any gap before the fault. */
  affected: number;
  /** The longest gap of any context before a fault: what the machine and the writers' own pauses amount to. */
  longestBeforeMs: number;
}

export interface Outages {
  /** How long after each fault. */
  readonly observedSeconds: number;
  /** How many nodes are struck, in turn. Default: all three. */
  readonly victims?: number;
  /** Each has one context, and pauses between two appends, so that the machine is not the bottleneck. Default 128. */
  readonly writers?: number;
}

const pauseMs = 50;
/**
 * A writer waits so long for an answer before it tries the other node. What is measured is when a context takes writes
 * again, not how long a server keeps a request that has lost its leader (etcd: 7 s).
 */
const patienceMs = 500;
const longestCalmSeconds = 3;

/**
 * Pauses, then kills one node after the other while appends go to the other two, and measures how long each context
 * takes none.
 */
export async function measureOutages(
  system: ClusterSystem,
  shape: ClusterShape,
  { observedSeconds, victims = 3, writers = 128 }: Outages,
): Promise<OutageResult[]> {
  await system.dispose();
  const running = await system.start();
  const struck = [...running.nodes.entries()].slice(0, victims);
  const calmMs = calmOf(observedSeconds);
  const kill: OutageResult = emptyResult(system.name, 'kill -9');
  const pause: OutageResult = emptyResult(system.name, 'SIGSTOP');
  try {
    await running.prepare(writers);
    // Every node once, and pauses first: one that was killed and is back may lead nothing, and its pause harm nobody.
    for (const [index, node] of struck) {
      await observe(running, shape, {
        victim: index,
        writers,
        observedSeconds,
        result: pause,
        strike: () => node.pause(),
      });
      node.resume();
      await sleep(calmMs);
    }
    for (const [index, node] of struck) {
      await observe(running, shape, {
        victim: index,
        writers,
        observedSeconds,
        result: kill,
        strike: () => node.kill(),
      });
      await node.restart();
      await sleep(calmMs);
    }
    return [kill, pause];
  } finally {
    await running.stop();
  }
}

const calmOf = (observedSeconds: number): number => 1_000 * Math.min(longestCalmSeconds, observedSeconds);

const emptyResult = (system: string, fault: OutageResult['fault']): OutageResult => ({
  system,
  fault,
  longestGaps: [],
  affected: 0,
  longestBeforeMs: 0,
});

interface Observation {
  readonly victim: number;
  readonly writers: number;
  readonly observedSeconds: number;
  readonly result: OutageResult;
  readonly strike: () => Promise<void> | void;
}

async function observe(
  running: RunningCluster,
  shape: ClusterShape,
  { victim, writers, observedSeconds, result, strike }: Observation,
): Promise<void> {
  const text = englishText(seededRandom(shape.seed), shape.messageBytes);
  const survivors = running.nodes.map((_, index) => index).filter((index) => index !== victim);
  const all = Array.from({ length: writers }, (_, context) => new Writer(running, survivors, context, text));
  const done = all.map((writer) => writer.run());
  await sleep(calmOf(observedSeconds));
  const before = all.map((writer) => writer.takeLongestGap());
  await strike();
  await sleep(observedSeconds * 1_000);
  const after = all.map((writer) => writer.takeLongestGap());
  for (const writer of all) writer.stop();
  await Promise.all(done);
  const longestBefore = Math.max(...before);
  result.longestGaps.push(...after);
  result.affected += after.filter((gap) => gap > longestBefore).length;
  result.longestBeforeMs = Math.max(result.longestBeforeMs, longestBefore);
}

/** Appends to one context, one at a time, over one of the surviving nodes, and over the other when that fails. */
class Writer {
  readonly #running: RunningCluster;
  readonly #nodes: readonly number[];
  readonly #context: number;
  readonly #text: string;
  #connection: LoadConnection | null = null;
  #turn = 0;
  #attempts: number;
  #lastAck = performance.now();
  #longestGap = 0;
  #stopped = false;

  constructor(running: RunningCluster, nodes: readonly number[], context: number, text: string) {
    this.#running = running;
    this.#nodes = nodes;
    this.#context = context;
    this.#text = text;
    this.#attempts = context;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The longest time without an acknowledgement since it was asked last, one that goes on included. */
  takeLongestGap(): number {
    const gap = Math.max(this.#longestGap, performance.now() - this.#lastAck);
    this.#longestGap = 0;
    return gap;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      if (await this.#append()) {
        const now = performance.now();
        this.#longestGap = Math.max(this.#longestGap, now - this.#lastAck);
        this.#lastAck = now;
        this.#turn += 1;
        await sleep(pauseMs);
      } else {
        this.#connection?.close();
        this.#connection = null;
        await sleep(10);
      }
    }
    this.#connection?.close();
  }

  async #append(): Promise<boolean> {
    const { bytes } = this.#running.requests.append(this.#context, this.#turn, this.#text);
    const failed = new Promise<false>((resolve) => {
      this.#onFailure = () => resolve(false);
    });
    try {
      this.#connection ??= await this.#connect();
    } catch {
      return false;
    }
    const connection = this.#connection;
    const answered = new Promise<boolean>((resolve) =>
      connection.send(bytes, (status) => resolve(status === 201)),
    );
    const timer = new AbortController();
    const given = sleep(patienceMs, false as const, { signal: timer.signal }).catch(() => false as const);
    const acknowledged = await Promise.race([answered, failed, given]);
    timer.abort();
    return acknowledged;
  }

  #onFailure: () => void = () => undefined;

  #connect(): Promise<LoadConnection> {
    const node = this.#nodes[this.#attempts++ % this.#nodes.length] ?? 0;
    return this.#running.connect(node, () => this.#onFailure());
  }
}
