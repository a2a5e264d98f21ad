import { setTimeout as delay } from 'node:timers/promises';
import type { FinalLog } from '../check/linearizable.ts';
import type { Violation } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import { forked } from '../random.ts';
import { contextPath, send } from './api.ts';
import { workContexts, type WorkContext } from './contexts.ts';
import { Eraser } from './eraser.ts';
import type { Target } from './nodes-in-view.ts';
import { StreamFollower } from './stream-follower.ts';
import { WorkClient } from './work-client.ts';

export interface WorkloadOptions {
  readonly seed: number;
  readonly clients: number;
  readonly contexts: number;
  readonly thinkMs: number;
  readonly targets: () => readonly Target[];
  readonly recorder: Recorder;
}

/** All clients of a run. */
export class Workload {
  readonly contexts: readonly WorkContext[];
  readonly eraser: Eraser;
  readonly #options: WorkloadOptions;
  readonly #clients: readonly WorkClient[];
  readonly #followers: ReadonlyMap<string, StreamFollower>;
  #running: readonly Promise<void>[] = [];
  #following: readonly Promise<void>[] = [];

  constructor(options: WorkloadOptions) {
    const { seed, clients, targets, recorder } = options;
    this.#options = options;
    this.contexts = workContexts(options.contexts);
    this.#clients = Array.from({ length: clients }, (_, index) => {
      const name = `c${index + 1}`;
      return new WorkClient({ ...options, name, contexts: this.contexts, random: forked(seed, name) });
    });
    const followed = this.contexts.filter((context) => context.followed);
    this.#followers = new Map(
      followed.map(({ id }) => {
        const random = forked(seed, `follower of ${id}`);
        return [id, new StreamFollower({ context: id, targets, random, recorder })];
      }),
    );
    this.eraser = new Eraser(targets, forked(seed, 'eraser'), recorder);
  }

  /** @throws Error where a context cannot be created in time */
  async createContexts(deadlineMs: number): Promise<void> {
    const until = performance.now() + deadlineMs;
    for (const { id, settings } of this.contexts) {
      for (let attempt = 0; ; attempt += 1) {
        const targets = this.#options.targets();
        const { url } = targets[attempt % targets.length] ?? { url: '' };
        const answer = await send(url, { method: 'PUT', path: contextPath(id), body: settings });
        if (answer.kind === 'answer' && answer.status < 300) break;
        if (performance.now() > until)
          throw new Error(`${id} could not be created: ${JSON.stringify(answer)}`);
        await delay(100);
      }
    }
  }

  start(): void {
    this.#running = [...this.#clients.map((client) => client.run()), this.eraser.run()];
    this.#following = [...this.#followers.values()].map((follower) => follower.run());
  }

  /** Rejects where a client has failed in a way that nobody foresaw; resolves never. */
  crashed(): Promise<never> {
    return Promise.all([...this.#running, ...this.#following]).then(
      () => new Promise<never>(() => undefined),
    );
  }

  /** Ends the writers; the followers go on. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.stop();
    this.eraser.stop();
    await Promise.all(this.#running);
  }

  /** Waits until the follower of a context has everything, and ends it. */
  endOfStream(context: string, log: FinalLog, deadlineMs: number): Promise<Violation[]> {
    return this.#followers.get(context)?.end(log, deadlineMs) ?? Promise.resolve([]);
  }

  async stopFollowers(): Promise<void> {
    for (const follower of this.#followers.values()) follower.stop();
    await Promise.all(this.#following);
  }
}
