import type { NodeProcess } from '../node/node-process.ts';
import { metricSum } from './metrics.ts';

/** What the status shows of a node. */
export interface NodeStatus {
  readonly name: string;
  readonly url: string;
  readonly state: 'starting' | 'ready' | 'ended';
  /** Groups that it leads. */
  readonly leads: number;
  readonly appendsPerSecond: number;
}

/** Asks one node again and again; the rate is that between two answers. */
export class NodeWatch {
  readonly #node: NodeProcess;
  readonly #headers: Readonly<Record<string, string>>;
  #appends = 0;
  #askedAt = 0;

  constructor(node: NodeProcess, headers: Readonly<Record<string, string>>) {
    this.#node = node;
    this.#headers = headers;
  }

  async look(): Promise<NodeStatus> {
    const { name, url, state } = this.#node;
    const quiet = { name, url, leads: 0, appendsPerSecond: 0 };
    if (state === 'stopped') return { ...quiet, state: 'ended' };
    const ready = await this.#node.ready();
    const metrics = await this.#metrics();
    if (metrics === null) return { ...quiet, state: 'starting' };
    const leads = metricSum(metrics, 'fastpaca_raft_groups', { role: 'leader' });
    return { ...quiet, state: ready ? 'ready' : 'starting', leads, appendsPerSecond: this.#rate(metrics) };
  }

  #rate(metrics: string): number {
    const appends = metricSum(metrics, 'fastpaca_messages_append_total');
    const now = performance.now();
    const rate = this.#askedAt === 0 ? 0 : ((appends - this.#appends) * 1_000) / (now - this.#askedAt);
    this.#appends = appends;
    this.#askedAt = now;
    // A node that was started again counts from nothing.
    return Math.max(0, rate);
  }

  async #metrics(): Promise<string | null> {
    const options = { headers: this.#headers, signal: AbortSignal.timeout(1_000) };
    const answer = await fetch(`${this.#node.url}/metrics`, options).catch(() => null);
    return answer?.ok === true ? answer.text().catch(() => null) : null;
  }
}

/** One line a node. */
export function statusLine({ name, url, state, leads, appendsPerSecond }: NodeStatus): string {
  const rate = Math.round(appendsPerSecond).toLocaleString('en');
  return `${name}  ${url}  ${state.padEnd(8)}  leads ${String(leads).padStart(3)} groups  ${rate.padStart(6)} appends/s`;
}
