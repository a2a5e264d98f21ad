import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const deadlineMs = 120_000;
const pollMs = 5;

/** What a start took, until the server answered as ready. */
export interface StartTime {
  readonly wallMs: number;
  /** Of its own process. On a busy machine this is the figure to compare. Null where the system has no `/proc`. */
  readonly cpuMs: number | null;
}

export interface Start {
  readonly command: readonly [string, ...string[]];
  readonly directory: string;
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a server, waits until it is ready, and ends it as a supervisor would. */
export async function timeStart({ command, directory, data, env = {} }: Start): Promise<StartTime> {
  const [program, ...args] = command;
  const port = await freePort();
  const began = performance.now();
  const server = spawn(program, args, {
    cwd: directory,
    stdio: 'ignore',
    env: {
      UV_THREADPOOL_SIZE: '8',
      HOST: '127.0.0.1',
      PORT: String(port),
      FASTPACA_RAFT_DATA_DIR: data,
      ...env,
    },
  });
  const exited = once(server, 'exit');
  try {
    await untilReady(server, `http://127.0.0.1:${port}/health/ready`);
    return { wallMs: performance.now() - began, cpuMs: cpuMsOf(server) };
  } finally {
    server.kill('SIGTERM');
    await exited;
  }
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  for (const end = performance.now() + deadlineMs; ; await delay(pollMs)) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} ended with ${server.exitCode}.`);
    if (performance.now() > end)
      throw new Error(`${server.spawnfile} was not ready within ${deadlineMs / 1000} s.`);
  }
}

/** User and system time, which Linux counts in hundredths of a second. */
function cpuMsOf({ pid }: ChildProcess): number | null {
  if (process.platform !== 'linux' || pid === undefined) return null;
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) * 10;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await once(probe.close(), 'close');
  return port;
}
