import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startServer, withoutVocabulary, type RunningServer } from '../server-process.js';

interface ClusterState {
  readonly coordinator: string | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly live: boolean;
    readonly leaders: number | null;
  }[];
  readonly groups: Readonly<Record<'total' | 'without_leader' | 'under_replicated' | 'moving', number>>;
  readonly refusals: readonly { readonly code: string; readonly reason: string }[];
}

/** Three real servers that find each other by the two documented variables. */
export class ThreeServers {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-three-'));
  readonly servers: (RunningServer | null)[] = [null, null, null];
  readonly #ports: readonly number[];

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  static async start(): Promise<ThreeServers> {
    const three = new ThreeServers([await freePort(), await freePort(), await freePort()]);
    await Promise.all([0, 1, 2].map((number) => three.startOne(number)));
    return three;
  }

  get seed(): string {
    return this.#ports.map((port) => `127.0.0.1:${port}`).join(',');
  }

  async startOne(number: number): Promise<RunningServer> {
    const port = this.#ports[number];
    if (port === undefined) throw new Error(`There is no server ${number}.`);
    const server = await startServer({
      directory: path.join(this.directory, `node-${number}`),
      port,
      env: {
        ...withoutVocabulary,
        FASTPACA_NODE_NAME: `node-${number}`,
        FASTPACA_CLUSTER_SEED: this.seed,
        // What is tested is that nothing fails, not how soon it comes, whatever else the machine does.
        FASTPACA_REQUEST_DEADLINE_MS: '30000',
      },
    });
    this.servers[number] = server;
    return server;
  }

  async kill(number: number): Promise<void> {
    await this.servers[number]?.kill();
    this.servers[number] = null;
  }

  /** Ends one as a supervisor would and returns its exit code. */
  async stop(number: number): Promise<number | null> {
    const code = (await this.servers[number]?.stop()) ?? null;
    this.servers[number] = null;
    return code;
  }

  url(number: number): string {
    return `http://127.0.0.1:${this.#ports[number] ?? 0}`;
  }

  async state(number: number): Promise<ClusterState> {
    return (await (await fetch(`${this.url(number)}/v1/cluster`)).json()) as ClusterState;
  }

  /** Waits for a state of the cluster, as one server sees it. */
  async until(number: number, condition: (state: ClusterState) => boolean): Promise<ClusterState> {
    // Not more often: an answer takes in all groups, and the servers share the cores with who asks.
    for (const end = Date.now() + 60_000; ; await delay(250)) {
      const state = await this.state(number);
      if (condition(state)) return state;
      if (Date.now() > end) throw new Error(`The cluster stays ${JSON.stringify(state)}`);
    }
  }

  /** Sends a request to one server after the other until one takes the connection. */
  async request(first: number, target: string, init: RequestInit = {}): Promise<Response> {
    for (let turn = 0; ; turn += 1) {
      try {
        return await fetch(`${this.url((first + turn) % 3)}${target}`, init);
      } catch (error) {
        if (turn >= 30) throw error;
        await delay(20);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([0, 1, 2].map((number) => this.kill(number)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
