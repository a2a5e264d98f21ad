import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, spawnNode, stopChild, waitUntilReady, type Child } from './child.ts';
import type { RunningSystem, System } from './system.ts';

const built = resolve(import.meta.dirname, '../../../../apps/server/dist');

export const serverEntryPoint = join(built, 'bundle/main.mjs');

/** The same, module by module: a profile of it says in which package the time goes. */
const unbundled = join(built, 'main.js');

/** As `npm start` has it. */
export const v8Flags: readonly string[] = [
  `--v8-pool-size=${String(Math.max(1, Math.min(4, availableParallelism() - 1)))}`,
  '--max-semi-space-size=64',
];

export interface RunningContextStore extends RunningSystem {
  /** Milliseconds from the start of the process to the first 200 of /health/ready. */
  readonly readyAfterMs: number;
  /** Port of V8's inspector, if it was asked for. */
  readonly inspectorPort: number | undefined;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

/** The server as a user starts it: the build, one node, default settings but for `env`, a data directory of its own. */
export class ContextStoreSystem implements System {
  readonly name = 'context store';
  readonly #directory: string;
  readonly #inspected: boolean;
  readonly #env: Readonly<Record<string, string>>;

  constructor(
    directory: string,
    options: { inspected: boolean; env?: Readonly<Record<string, string>> } = { inspected: false },
  ) {
    if (!existsSync(serverEntryPoint)) {
      throw new Error('apps/server is not built: run "npm run build" first');
    }
    this.#directory = directory;
    this.#inspected = options.inspected;
    this.#env = options.env ?? {};
  }

  async start(): Promise<RunningContextStore> {
    await mkdir(this.#directory, { recursive: true });
    const port = await freePort();
    const inspectorPort = this.#inspected ? await freePort() : undefined;
    const flags = inspectorPort === undefined ? [] : [`--inspect=127.0.0.1:${String(inspectorPort)}`];
    const child = spawnNode(
      [...v8Flags, ...flags, this.#inspected ? unbundled : serverEntryPoint],
      {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(port),
        FASTPACA_RAFT_DATA_DIR: join(this.#directory, 'data'),
        ...this.#env,
      },
      join(this.#directory, 'server.log'),
    );
    const readyAfterMs = await waitUntilReady(port, child);
    return {
      port,
      processIds: [child.pid],
      readyAfterMs,
      inspectorPort,
      stop: () => stop(child),
      kill: async () => {
        child.process.kill('SIGKILL');
        await child.exited;
      },
    };
  }

  dispose(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

async function stop(child: Child): Promise<void> {
  if (!(await stopChild(child))) console.error('the context store did not end within 20 s of SIGTERM');
}
