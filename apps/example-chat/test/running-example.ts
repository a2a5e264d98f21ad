import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** What `npm run example` runs after the build: the store and the example, each a process. */
export interface RunningExample {
  readonly url: string;
  /** Of its store; another example may be given it as FASTPACA_URL. */
  readonly storeUrl: string;
  /** Ends both as Ctrl-C would; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export async function runExample(env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-example-'));
  const [port, storePort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, ['run.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      // What another run has compiled, and no vocabulary: more than half of what a start costs.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      FASTPACA_TOKEN_ESTIMATOR: 'chars:4',
      PORT: String(port),
      HOST: '127.0.0.1',
      FASTPACA_PORT: String(storePort),
      FASTPACA_RAFT_DATA_DIR: directory,
      ...env,
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  }
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    if ((await fetch(url).catch(() => null))?.ok) break;
    if (child.exitCode === null && Date.now() < end) continue;
    child.kill('SIGTERM');
    throw new Error(`The example did not start:\n${log}`);
  }
  return {
    url,
    storeUrl: `http://127.0.0.1:${storePort}`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
