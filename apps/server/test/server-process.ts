import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
/** What is run, below the root. */
export const main = 'apps/server/dist/bundle/main.mjs';

/** How long a server may take to become ready, or to end after SIGTERM, before a test gives up. */
const deadlineMs = 90_000;

/** For a server of which no test looks at token counts: a vocabulary is a quarter of what its start costs. */
export const withoutVocabulary = { FASTPACA_TOKEN_ESTIMATOR: 'chars:4' } as const;

export interface RunningServer {
  readonly url: string;
  readonly directory: string;
  readonly process: ChildProcess;
  /** Everything the server has written so far, to standard output and standard error. */
  output(): string;
  /** Ends it as a supervisor would and returns its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut would: nothing is flushed. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  /** Kept when given; a temporary one is removed by `stop`. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the built server lies. Default: this repository. */
  readonly root?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Whether to wait until it is ready, or only until it answers. Default true. */
  readonly awaitReady?: boolean;
  /** What to run there. Default: the built server, on the Node that runs the test. */
  readonly command?: readonly string[];
}

/** Starts the built server as a process of its own and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), 'fastpaca-'));
  const port = options.port ?? (await freePort());
  const [program = process.execPath, ...args] = options.command ?? [
    process.execPath,
    '--v8-pool-size=1',
    main,
  ];
  const child = spawn(program, args, {
    cwd: options.root ?? root,
    env: {
      PATH: process.env['PATH'],
      UV_THREADPOOL_SIZE: '8',
      PORT: String(port),
      HOST: '127.0.0.1',
      FASTPACA_RAFT_DATA_DIR: directory,
      ...options.env,
    },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const output = (): string => Buffer.concat(chunks).toString();
  const exited = once(child, 'exit');
  const server: RunningServer = {
    url: `http://127.0.0.1:${port}`,
    directory,
    process: child,
    output,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await exited;
      clearTimeout(timer);
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  await untilAnswers(server, port, options.awaitReady === false ? '/health/live' : '/health/ready');
  return server;
}

async function untilAnswers(server: RunningServer, port: number, probe: string): Promise<void> {
  const end = Date.now() + deadlineMs;
  let listening = false;
  while (server.process.exitCode === null && server.process.signalCode === null) {
    // A bare connection first: a request that is refused costs much more, and most of a start goes before the server listens.
    listening ||= await takesConnections(port);
    if (listening && (await fetch(`${server.url}${probe}`).catch(() => null))?.ok) return;
    if (Date.now() > end) {
      await server.kill();
      throw new Error(`The server was not ready within ${deadlineMs} ms:\n${server.output()}`);
    }
    await delay(50);
  }
  throw new Error(`The server ended before it was ready:\n${server.output()}`);
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

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
