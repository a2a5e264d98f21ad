import { performance } from 'node:perf_hooks';
import { stopChild, type Child } from './child.ts';
import type { RunningNode } from './cluster-system.ts';

/** A process of a cluster that can be started again. */
export class ClusterNode implements RunningNode {
  readonly #spawn: () => Child;
  readonly #ready: (child: Child) => Promise<unknown>;
  #child: Child;

  constructor(spawn: () => Child, ready: (child: Child) => Promise<unknown>) {
    this.#spawn = spawn;
    this.#ready = ready;
    this.#child = spawn();
  }

  get pid(): number {
    return this.#child.pid;
  }

  untilReady(): Promise<unknown> {
    return this.#ready(this.#child);
  }

  async kill(): Promise<void> {
    this.#child.process.kill('SIGKILL');
    await this.#child.exited;
  }

  pause(): void {
    this.#child.process.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.process.kill('SIGCONT');
  }

  async restart(): Promise<number> {
    const from = performance.now();
    this.#child = this.#spawn();
    await this.untilReady();
    return performance.now() - from;
  }

  async stop(name: string): Promise<void> {
    if (!(await stopChild(this.#child)))
      console.error(`a node of ${name} did not end within 20 s of SIGTERM`);
  }
}

/** Starts all at once; the milliseconds until the last one is ready. */
export async function form(nodes: readonly ClusterNode[], startedAt: number): Promise<number> {
  await Promise.all(nodes.map((node) => node.untilReady()));
  return performance.now() - startedAt;
}
