import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Ends only what hangs: a machine that has other things to do may take a minute for a start.
const deadlineMs = 120_000;

/** The built server of this repository as a process of its own, over one data directory. */
export class StoreProcess {
  private child: ReturnType<typeof spawn> | null = null;
  private log = '';

  readonly port: number;
  private readonly directory: string;
  private readonly env: Readonly<Record<string, string>>;

  private constructor(port: number, directory: string, env: Readonly<Record<string, string>>) {
    this.port = port;
    this.directory = directory;
    this.env = env;
  }

  /** @param port A free one by default. */
  static async start(env: Readonly<Record<string, string>> = {}, port?: number): Promise<StoreProcess> {
    const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-client-'));
    const store = new StoreProcess(port ?? (await freePort()), directory, env);
    await store.start();
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it (again), on the same port, over the same data, and waits until it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--v8-pool-size=1', 'apps/server/dist/bundle/main.mjs'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        UV_THREADPOOL_SIZE: '8',
        PORT: String(this.port),
        HOST: '127.0.0.1',
        FASTPACA_RAFT_DATA_DIR: this.directory,
        // A vocabulary is a quarter of what a start costs.
        FASTPACA_TOKEN_ESTIMATOR: 'chars:4',
        ...this.env,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.log = (this.log + chunk.toString()).slice(-20_000)));
    }
    this.child = child;
    const end = Date.now() + deadlineMs;
    let listening = false;
    while (child.exitCode === null && child.signalCode === null) {
      // A bare connection first: a request that is refused costs much more.
      listening ||= await takesConnections(this.port);
      if (listening && (await fetch(`${this.url}/health/ready`).catch(() => null))?.ok) return;
      if (Date.now() > end) break;
      await delay(50);
    }
    child.kill('SIGKILL');
    throw new Error(`The server did not become ready:\n${this.log}`);
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As a supervisor would; the data stays for another `start`. */
  async shutDown(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
