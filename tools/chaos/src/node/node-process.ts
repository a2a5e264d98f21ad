import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../../../..');
const main = path.join(root, 'apps/server/dist/bundle/main.mjs');

export interface NodeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly dataDirectory: string;
  /** What the node writes goes to this file. */
  readonly logFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the command line begins with, `nsenter …` for example. */
  readonly prefix?: readonly string[];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Nobody asked for it. */
  readonly unexpected: boolean;
}

const running = new Set<ChildProcess>();

// Whatever way this process ends, no node is left behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One node: the built server as a user starts it, as a process that can be hurt. */
export class NodeProcess {
  readonly options: NodeOptions;
  readonly #onEnd: (ending: Ending) => void;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #paused = false;
  #expected = false;

  constructor(options: NodeOptions, onEnd: (ending: Ending) => void = () => undefined) {
    this.options = options;
    this.#onEnd = onEnd;
  }

  get name(): string {
    return this.options.name;
  }

  get url(): string {
    return this.options.url;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get state(): 'stopped' | 'running' | 'paused' {
    if (this.#child === null) return 'stopped';
    return this.#paused ? 'paused' : 'running';
  }

  start(): void {
    if (this.#child !== null) return;
    const { prefix = [], host, port, dataDirectory, name, env, logFile } = this.options;
    const [command = process.execPath, ...args] = [...prefix, process.execPath, '--v8-pool-size=1', main];
    const output = openSync(logFile, 'a');
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', output, output],
      // A group of its own: Ctrl-C at the terminal reaches us, and we stop the nodes.
      detached: true,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        UV_THREADPOOL_SIZE: '8',
        HOST: host,
        PORT: String(port),
        FASTPACA_NODE_NAME: name,
        FASTPACA_RAFT_DATA_DIR: dataDirectory,
        ...env,
      },
    });
    closeSync(output);
    running.add(child);
    this.#child = child;
    this.#paused = false;
    this.#expected = false;
    this.#ended = once(child, 'exit');
    child.on('error', () => this.#gone(child, null, null));
    child.on('exit', (code, signal) => this.#gone(child, code, signal));
  }

  /** As a power cut of the process: nothing is flushed. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
    this.#paused = true;
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
    this.#paused = false;
  }

  /** As a supervisor ends it. Killed after the deadline; returns whether it ended by itself, with 0. */
  async stop(deadlineMs = 30_000): Promise<boolean> {
    const child = this.#child;
    if (child === null) return true;
    this.#expected = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    await this.#ended;
    clearTimeout(timer);
    return child.exitCode === 0;
  }

  /** Whether it answers as ready. */
  async ready(timeoutMs = 1_000): Promise<boolean> {
    if (this.state !== 'running') return false;
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(`${this.url}/health/ready`, { signal }).catch(() => null);
    await answer?.arrayBuffer().catch(() => null);
    return answer?.status === 200;
  }

  /** @throws Error with the end of the log where it is not ready in time, or has ended */
  async untilReady(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (!(await this.ready())) {
      if (this.#child === null) throw new Error(`${this.name} ended before it was ready:\n${this.logTail()}`);
      if (performance.now() > end) {
        throw new Error(`${this.name} was not ready within ${deadlineMs / 1_000} s:\n${this.logTail()}`);
      }
      await delay(20);
    }
  }

  logTail(bytes = 3_000): string {
    return readFileSync(this.options.logFile, 'utf8').slice(-bytes);
  }

  #gone(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    running.delete(child);
    if (this.#child !== child) return;
    this.#child = null;
    this.#paused = false;
    this.#onEnd({ code, signal, unexpected: !this.#expected });
  }
}
