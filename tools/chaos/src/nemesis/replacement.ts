import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../node/test-cluster.ts';
import { send } from '../workload/api.ts';
import type { Violation } from '../history/operation.ts';

const joinDeadlineMs = 60_000;
const drainDeadlineMs = 120_000;
const pollMs = 250;

/** Which nodes belong to the cluster, and how one takes the place of another. */
export class Replacement {
  readonly #cluster: TestCluster;
  readonly #say: (line: string) => void;
  readonly #broken: (violation: Violation) => void;
  readonly #members: Set<number>;

  constructor(cluster: TestCluster, say: (line: string) => void, broken: (violation: Violation) => void) {
    this.#cluster = cluster;
    this.#say = say;
    this.#broken = broken;
    this.#members = new Set(Array.from({ length: cluster.size }, (_, index) => index));
  }

  /** Indexes of the nodes that the cluster consists of now. */
  members(): readonly number[] {
    return [...this.#members];
  }

  /**
   * The spare node joins, `leaving` is drained, stopped, removed and loses its data.
   * Each part has a deadline; what is not done by then is a broken promise.
   */
  async replace(leaving: number, signal: AbortSignal): Promise<void> {
    const spare = this.#cluster.nodes.find(({ index }) => !this.#members.has(index));
    // A replacement that the end of a run has cut short leaves no spare node.
    if (spare === undefined) return;
    const { process: joining } = spare;
    this.#members.add(spare.index);
    this.#cluster.start(spare.index);
    if (!(await this.#until(() => joining.ready(), joinDeadlineMs, signal))) {
      this.#fail(signal, `${joining.name} had not joined after ${joinDeadlineMs / 1_000} s`);
      return;
    }
    this.#say(`${joining.name} has joined`);
    await this.#drain(leaving, signal);
  }

  async #drain(leaving: number, signal: AbortSignal): Promise<void> {
    const { process } = this.#cluster.node(leaving);
    const started = await this.#until(
      () => this.#admin('POST', `/v1/cluster/nodes/${process.name}/drain`),
      joinDeadlineMs,
      signal,
    );
    const drained =
      started && (await this.#until(() => this.#holdsNothing(process.name), drainDeadlineMs, signal));
    if (!drained) {
      this.#fail(signal, `${process.name} was not drained after ${drainDeadlineMs / 1_000} s`);
      return;
    }
    this.#say(`${process.name} is drained`);
    this.#members.delete(leaving);
    await process.stop();
    const removed = await this.#until(
      () => this.#admin('DELETE', `/v1/cluster/nodes/${process.name}`),
      joinDeadlineMs,
      signal,
    );
    if (!removed) this.#fail(signal, `${process.name} could not be removed`);
    this.#cluster.disks.wipe(leaving);
  }

  async #holdsNothing(name: string): Promise<boolean> {
    for (const index of this.members()) {
      const { url } = this.#cluster.node(index).process;
      const answer = await send(url, { method: 'GET', path: '/v1/cluster' });
      if (answer.kind !== 'answer' || answer.status !== 200) continue;
      const { nodes } = JSON.parse(answer.body) as { nodes: readonly ClusterNode[] };
      const node = nodes.find((each) => each.name === name);
      return node !== undefined && node.replicas === 0;
    }
    return false;
  }

  async #admin(method: 'POST' | 'DELETE', path: string): Promise<boolean> {
    for (const index of this.members()) {
      const answer = await send(this.#cluster.node(index).process.url, { method, path });
      if (answer.kind === 'answer' && answer.status < 300) return true;
    }
    return false;
  }

  async #until(check: () => Promise<boolean>, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (performance.now() < end && !signal.aborted) {
      if (await check()) return true;
      await delay(pollMs);
    }
    return false;
  }

  #fail(signal: AbortSignal, message: string): void {
    // The end of the run came first: that is nobody's fault.
    if (!signal.aborted) this.#broken({ check: 'members change', message });
  }
}

/** As far as it is read here. */
interface ClusterNode {
  readonly name: string;
  readonly replicas: number | null;
}
